package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A file that runs a program is refused by every command that would use it, unless --allow-exec is given; nothing runs.
func TestProgramsRunOnlyIfAllowed(t *testing.T) {
	dir := t.TempDir()
	ran := filepath.Join(dir, "ran")
	file := write(t, "acct.yaml", `exec:
  "*":
    name: d
    command: [/bin/sh, -c, "touch `+ran+`; echo '{\"ready\": true}'; read -r line; echo '{\"seq\": 1}'; read -r line"]
`)
	for _, args := range [][]string{
		{"put", "-f", file, "--profile", "p", "--body", "1"}, {"check", file}, {"check", "--connect", file},
		{"routes", file, "p"}, {"listen", "-f", file},
	} {
		evhub(t, "", args...).want(t, 2, file+":4: exec.*.command", "--allow-exec")
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("the program ran")
	}
	evhub(t, "", "put", "-f", file, "--profile", "p", "--body", "1", "--wait", "--allow-exec").want(t, 0, "delivered exec:d")
	evhub(t, "", "check", file, "--allow-exec").want(t, 0, "exec:d")
	wrong := write(t, "acct.yaml", `exec: {"*": {command: "rm -rf /tmp/x"}}`)
	evhub(t, "", "check", wrong, "--allow-exec").want(t, 2, "command")
}
