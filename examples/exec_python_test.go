package examples_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The plugin in Python does what its README.md says.
func TestPluginInPython(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3")
	}
	dir, evhub := t.TempDir(), goBuild(t, "..", "./cmd/evhub")
	if err := os.CopyFS(dir, os.DirFS("exec-python")); err != nil {
		t.Fatal(err)
	}
	run := func(want int, name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir, cmd.WaitDelay = dir, time.Second
		out, err := cmd.CombinedOutput()
		code := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			code = exit.ExitCode()
		}
		if code != want {
			t.Errorf("%s %q: code %d, want %d: %v\n%s", name, args, code, want, err, out)
		}
		return string(out)
	}
	readme := read(t, filepath.Join("exec-python", "README.md"))
	for _, line := range []string{
		"evhub put -f acct.yaml --allow-exec --events guests.jsonl --wait",
		`python3 -c "import sqlite3; print(sqlite3.connect('guests.db').execute('SELECT id, name FROM guests').fetchall())"`,
	} {
		_, after, found := strings.Cut(readme, line)
		said := block(t, after, "text")
		code := 0
		if strings.HasPrefix(line, "evhub") {
			code = 4 // dead letters
		}
		printed := run(code, "sh", "-c", strings.Replace(line, "evhub put", evhub+" put", 1)+" 2>errors")
		if !found || printed != said {
			t.Errorf("%s prints\n%s\nand README.md says\n%s", line, printed, said)
		}
	}
	if printed := run(2, evhub, "put", "-f", "acct.yaml", "--events", "guests.jsonl"); !strings.Contains(printed, "give --allow-exec") {
		t.Errorf("without --allow-exec: %s", printed)
	}
	if err := os.Remove(filepath.Join(dir, "guests.db")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "guests.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	printed := run(5, evhub, "put", "-f", "acct.yaml", "--allow-exec", "--events", "guests.jsonl", "--timeout", "1s")
	if !strings.Contains(printed, "the program failed: guests.db: unable to open database file") {
		t.Errorf("with no database: %s", printed)
	}
}
