package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// execAcct runs scripts/exec-plugin.py, which dies twice for each so many events; 0: never.
func execAcct(t *testing.T, interval int) (acctText, stored string) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3")
	}
	script, err := filepath.Abs(filepath.Join("scripts", "exec-plugin.py"))
	if err != nil {
		t.Fatal(err)
	}
	stored = filepath.Join(t.TempDir(), "stored")
	return fmt.Sprintf(`exec: {"*": {name: d, command: [python3, %q, %q, "%d"], delivery: {retry: {min: 1ms, max: 20ms}}}}`, script, stored, interval), stored
}

func numberLines(n int) []byte {
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, `{"profile": "p", "body": %d}`+"\n", i)
	}
	return []byte(lines.String())
}

// wantInOrder fails the test unless all numbers below n are stored, first copies in order. It returns how many copies more.
func wantInOrder(t *testing.T, stored string, n int) (more int) {
	t.Helper()
	text, err := os.ReadFile(stored)
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	for line := range strings.Lines(string(text)) {
		number, err := strconv.Atoi(strings.TrimSpace(line))
		switch {
		case err != nil || number > next:
			t.Fatalf("%q comes where %d belongs", line, next)
		case number < next:
			more++
		default:
			next++
		}
	}
	if next != n {
		t.Errorf("%d of %d are there", next, n)
	}
	return more
}

// A program that dies again and again gets every event, in order, and only what it had stored before it died comes again.
func TestExecProgramThatDies(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	acctText, stored := execAcct(t, 100)
	const n, again = 300, 3
	stdout, stderr, code := command(t, ctx, acctText, numberLines(n), "put", "--allow-exec", "--wait")
	if code != 0 || strings.Count(stdout, "delivered") != n {
		t.Errorf("code %d, %d delivered\n%.2000s", code, strings.Count(stdout, "delivered"), stderr)
	}
	if more := wantInOrder(t, stored, n); more != again {
		t.Errorf("%d came again, want %d", more, again)
	}
}

// After kill -9 of evhub no program is left, and the next run goes on where the journal says.
func TestExecIsLeftByNobody(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	acctText, stored := execAcct(t, 0)
	journal, file := filepath.Join(t.TempDir(), "journal"), filepath.Join(t.TempDir(), "acct.yaml")
	if err := os.WriteFile(file, []byte(acctText), 0o600); err != nil {
		t.Fatal(err)
	}
	const n = 20_000
	cmd := exec.CommandContext(ctx, build(t), "put", "-f", file, "--allow-exec", "--journal", journal)
	cmd.Stdin = strings.NewReader(string(numberLines(n)))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid string
	eventually(t, ctx, "the program has events", func() bool {
		text, _ := os.ReadFile(stored + ".pid")
		pid = string(text)
		info, err := os.Stat(stored)
		return err == nil && info.Size() > 100
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, ctx, "the program has ended", func() bool {
		line, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline")) // empty for one that nobody has reaped
		return err != nil || !slices.Contains(strings.Split(string(line), "\x00"), stored)
	})
	_, stderr, code := command(t, ctx, acctText, nil, "drain", "--allow-exec", "--journal", journal)
	if code != 0 {
		t.Fatalf("code %d: %s", code, stderr)
	}
	text, err := os.ReadFile(stored)
	if err != nil {
		t.Fatal(err)
	}
	highest := 0
	for line := range strings.Lines(string(text)) {
		number, _ := strconv.Atoi(strings.TrimSpace(line))
		highest = max(highest, number)
	}
	more := wantInOrder(t, stored, highest+1)
	t.Logf("%d events were accepted before the kill, %d came again", highest+1, more)
}
