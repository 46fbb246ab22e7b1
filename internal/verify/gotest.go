package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// goTest runs go test in a module and counts.
func (v *verifier) goTest(ctx context.Context, module string, args ...string) {
	cmd := command(ctx, module, "go", append([]string{"test", "-json"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		v.check("go test in "+module, nil, err)
		return
	}
	before := v.total.failed
	f := newFold(&v.total, v.out)
	f.read(pipe)
	err = cmd.Wait()
	if err != nil && v.total.failed == before { // it failed without a failed test, such as for a flag
		v.check("go test in "+module, stderr.Bytes(), err)
	}
}

// race is the flag for the race detector, which needs a C compiler.
func (v *verifier) race(ctx context.Context) []string {
	out, err := output(ctx, ".", "go", "env", "CGO_ENABLED", "CC")
	enabled, compiler, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err == nil && enabled == "1" {
		if _, err = exec.LookPath(strings.Fields(compiler + " cc")[0]); err == nil {
			return []string{"-race"}
		}
	}
	const what = "race detector"
	reason := "there is no C compiler"
	if !slices.Contains(v.total.skips[reason], what) {
		v.total.skip(what, reason)
	}
	return nil
}

// command runs in a module and is killed, with what it has started, when ctx ends.
func command(ctx context.Context, module, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = module
	killWithChildren(cmd)
	return cmd
}

// output runs a command and returns all that it prints.
func output(ctx context.Context, module, name string, args ...string) ([]byte, error) {
	out, err := command(ctx, module, name, args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return out, err
}
