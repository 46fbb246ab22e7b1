// Package examples_test builds and runs the examples that need no service, as README.md says. Those with brokers are run
// by the tests of the module integration.
package examples_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestExamplesPrintWhatTheREADMESays(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for _, name := range []string{"quickstart", "idem-profiles", "own-provider", "own-matcher"} {
		t.Run(name, func(t *testing.T) {
			program, dir := filepath.Join(bin, name), t.TempDir()
			if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./"+name).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if err := os.CopyFS(dir, os.DirFS(name)); err != nil { // some write files
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), program)
			cmd.Dir, cmd.Stderr, cmd.WaitDelay = dir, t.Output(), time.Second
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			said := "```sh\ngo run -C examples/" + name + " .\n```\n\n```text\n" + string(out) + "```\n"
			if !strings.Contains(string(readme), said) {
				t.Errorf("README.md does not say:\n%s", said)
			}
		})
	}
}
