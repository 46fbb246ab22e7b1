package integration

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestRunnerIngestsARun reads one real run twice: from its output, and from its files while it writes them. Then it is
// read from the files again, which gives nothing but the status that the output does not have.
func TestRunnerIngestsARun(t *testing.T) {
	runner := needRunner(t)
	artifacts, journal := filepath.Join(runner.dir, "artifacts"), filepath.Join(t.TempDir(), "journal")
	piping, following := receive(t), receive(t)

	var said bytes.Buffer
	follow := evhubCommand(t.Context(), t, "ingest", "runner", "-f", following.acct, "--journal", filepath.Join(t.TempDir(), "journal"),
		"--artifact-dir", artifacts, "--ident", "run-j", "--follow")
	follow.Stderr = &said
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	fromPipe := []string{"ingest", "runner", "-f", piping.acct, "--journal", journal}
	piped(t, runner.command("run", runner.dir, "-p", "small.yml", "-i", "run-j", "-j"), evhubCommand(t.Context(), t, fromPipe...))
	if err := follow.Wait(); err != nil {
		t.Errorf("%v: %s", err, said.String())
	}

	events, statuses := recordedRun(t)
	sameRun(t, piping.bodies(t, "run-j"), dicts(t, runnerFixture(t, "json-mode.txt")))
	sameRun(t, following.bodies(t, "run-j"), append(events, statuses[len(statuses)-1]))

	out, err := evhubCommand(t.Context(), t, append(fromPipe, "--artifact-dir", artifacts)...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "1 event accepted, 1 delivered, 13 put before") {
		t.Errorf("%v: %s", err, out)
	}
	sameRun(t, piping.bodies(t, "run-j"), append(events, statuses[len(statuses)-1]))
}

func TestRunnerIngestsAWorkerStream(t *testing.T) {
	runner := needRunner(t)
	at := receive(t)
	piped(t,
		runner.command("transmit", runner.dir, "-p", "small.yml", "-i", "run-stream"),
		runner.command("worker"),
		evhubCommand(t.Context(), t, "ingest", "runner", "-f", at.acct, "--journal", filepath.Join(t.TempDir(), "journal")))
	events, statuses := recordedRun(t)
	sameRun(t, at.bodies(t, "run-stream"), append(events, statuses...))
}
