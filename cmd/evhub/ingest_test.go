package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

const runnerLines = `{"status": "running", "runner_ident": "r"}
PLAY [all] ****
{"uuid": "u1", "counter": 1, "event": "playbook_on_start", "runner_ident": "r", "created": "2026-11-22T02:31:04.795195+00:00"}
{"uuid": "u2", "counter": 2, "event": "runner_on_ok", "runner_ident": "r", "event_data": {"host": "web1", "task": "hello"}}
{"uuid": "u3", "counter": 3, "event": "runner_on_failed", "runner_ident": "r", "event_data": {"host": "web2", "task": "hello"}}
{"zipfile": 3}
UEsD{"eof": true}
{"status": "failed", "runner_ident": "r"}
`

func TestIngestRunner(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	dir := newDir(t)
	args := []string{"ingest", "runner", "-f", acctFile, "--journal", dir}
	evhub(t, runnerLines, args...).want(t, exitDone, "5 events accepted, 5 delivered, 1 other line skipped", "PLAY")
	want := ""
	for line := range strings.Lines(runnerLines) {
		if strings.Contains(line, "runner_ident") {
			want += line
		}
	}
	if got := read(t, events); got != want {
		t.Errorf("arrived\n%swant\n%s", got, want)
	}
	r := evhub(t, runnerLines, append(args, "--output", "json")...)
	r.want(t, exitDone)
	if s := r.line(t)["summary"].(map[string]any); s["known"] != 3.0 || s["accepted"] != 2.0 || s["skipped"] != 1.0 {
		t.Errorf("%v, want 3 events known, 2 statuses again", s)
	}
}

func TestIngestRunnerFields(t *testing.T) {
	acctFile, events := toFile(t, "idem-compact")
	evhub(t, runnerLines, "ingest", "runner", "-f", acctFile, "--no-journal").want(t, exitDone)
	for _, want := range []string{
		`{"tags":{"status":"running","ident":"r"},`,
		`{"tags":{"event":"runner_on_failed","ident":"r","host":"web2","task":"hello"},`,
		`"run_name":"r"}`,
	} {
		if got := read(t, events); !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
}

func TestIngestRunnerWithoutTheEnvironment(t *testing.T) {
	const starting = `{"status": "starting", "runner_ident": "r", "env": {"AWS_SECRET": "s3cret"}, "cwd": "/"}`
	for _, drop := range []bool{false, true} {
		acctFile, events := toFile(t, "raw")
		args := []string{"ingest", "runner", "-f", acctFile, "--no-journal", fmt.Sprintf("--drop-env=%v", drop)}
		evhub(t, starting+"\n", args...).want(t, exitDone)
		if got := read(t, events); strings.Contains(got, "s3cret") == drop {
			t.Errorf("--drop-env=%v: %s", drop, got)
		}
	}
}

// TestIngestRunnerFlood checks that broken lines are counted, and neither stop the good ones nor flood the log.
func TestIngestRunnerFlood(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	var in strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&in, "{\"uuid\": \"u%d\", \"event\": \"verbose\", \"runner_ident\": \"r\"}\n{\"uuid\": \"u%d\", \"eve\n\x1b[31mtext\n", i, i)
	}
	r := evhub(t, in.String(), "ingest", "runner", "-f", acctFile, "--journal", newDir(t))
	r.want(t, exitRefused, "3000 events accepted, 3000 delivered, 3000 other lines skipped, 3000 refused")
	if got := strings.Count(read(t, events), "\n"); got != 3000 {
		t.Errorf("%d events arrived, want 3000", got)
	}
	if lines := strings.Count(r.err, "\n"); lines > 12 || strings.Contains(r.err, "\x1b") {
		t.Errorf("%d lines on standard error:\n%s", lines, r.err)
	}
}

func TestIngestRunnerTooLargeForAnEvent(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	large := fmt.Sprintf(`{"uuid": "u1", "event": "verbose", "runner_ident": "r", "stdout": %q}`, strings.Repeat("x", 3<<20))
	evhub(t, large+"\n", "ingest", "runner", "-f", acctFile, "--journal", newDir(t)).want(t, exitDone)
	if got := read(t, events); got != large+"\n" {
		t.Errorf("%d bytes arrived, want %d", len(got), len(large)+1)
	}
}

func TestIngestRunnerMistakes(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	for _, c := range []struct {
		args []string
		said string
	}{
		{[]string{"--follow"}, "--follow needs --artifact-dir"},
		{[]string{"--artifact-dir", ""}, "names no directory"},
		{[]string{"--artifact-dir", filepath.Join(t.TempDir(), "none")}, "none"},
		{[]string{"--artifact-dir", t.TempDir(), "--ident", "nobody"}, "nobody"},
		{[]string{"--no-journal", "--journal", "x"}, "give one of them"},
	} {
		evhub(t, "", append([]string{"ingest", "runner", "-f", acctFile}, c.args...)...).want(t, exitUsage, c.said)
	}
	evhub(t, "", "ingest", "salt").want(t, exitUsage, "salt")
}

// TestIngestRunnerSharesAJournal checks that a journal of other commands will do, and that what is left is told.
func TestIngestRunnerSharesAJournal(t *testing.T) {
	dead := answering(t, http.StatusServiceUnavailable)
	acctFile := write(t, "acct.yaml", fmt.Sprintf("http:\n  \"*\": {name: hook, url: %q, format: raw, delivery: {retry: {min: 1ms, max: 5ms}}}\n", dead.URL))
	dir := newDir(t)
	evhub(t, numbered(2), "put", "-f", acctFile, "--journal", dir, "--timeout", "1s").want(t, exitDone, "2 kept in the journal")
	args := []string{"ingest", "runner", "-f", acctFile, "--journal", dir, "--timeout", "1s"}
	evhub(t, runnerLines, args...).want(t, exitDone, "7 kept in the journal")
	evhub(t, runnerLines, append(args, "--wait")...).want(t, exitRemain, "3 put before")
}
