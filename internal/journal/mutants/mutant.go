package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// mutant is the journal with one fault.
type mutant struct {
	name string
	file string // under internal/journal
	// old is a text that the file has exactly once, and new what the fault has in its place.
	old, new string
}

const root = "internal/journal"

// packages are those whose tests are run, one after the other until one has a test that fails: the model check, which
// needs the most time, is asked for what the others let pass.
const packages = "./" + root + "/segment/... ./" + root + "/disk/... ./" + root + " ./" + root + "/modelcheck/..."

// suite is the tests that are to catch mutants.
type suite struct {
	packages []string
	verbose  bool
}

// run runs the tests, with an overlay unless that is "", until one fails, and returns those that do.
func (s suite) run(ctx context.Context, overlay string) (by []string, err error) {
	for _, pkg := range s.packages {
		if by, err = s.runPackage(ctx, overlay, pkg); err != nil || len(by) > 0 {
			break
		}
	}
	return by, err
}

func (s suite) runPackage(ctx context.Context, overlay, pkg string) (by []string, err error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-failfast", "-count=1", "-vet=off", "-timeout", "2m", pkg)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "EVHUB_") })
	out, err := cmd.CombinedOutput()
	if s.verbose {
		_, _ = os.Stdout.Write(out)
	}
	if err == nil {
		return nil, nil
	}
	switch {
	case bytes.Contains(out, []byte("[build failed]")):
		return nil, fmt.Errorf("it does not compile:\n%s", out)
	case killed.Match(out):
		return nil, fmt.Errorf("somebody has killed the tests:\n%s", out)
	}
	if by = failures(out); len(by) == 0 {
		return nil, fmt.Errorf("go test: %w:\n%s", err, out)
	}
	return by, nil
}

// test returns the tests that fail for the mutant.
func (m mutant) test(ctx context.Context, tests suite) (by []string, err error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left of it is in nobody's way
	overlay, err := m.overlay(dir)
	if err != nil {
		return nil, err
	}
	return tests.run(ctx, overlay)
}

// overlay writes the faulty file, and what tells the compiler of it.
func (m mutant) overlay(dir string) (string, error) {
	path, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		return "", fmt.Errorf("%s has the text to replace %d times: mend the table in %s/mutants", m.file, n, root)
	}
	faulty := filepath.Join(dir, "faulty.go")
	if err := os.WriteFile(faulty, []byte(strings.Replace(string(source), m.old, m.new, 1)), 0o600); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: faulty}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}

var killed = regexp.MustCompile(`(?m)^signal: (terminated|killed|interrupt)`)

var failed = regexp.MustCompile(`(?m)^--- FAIL: (\S+)|^panic: (test timed out)|^FAIL\s+\S+/(\S+)`)

// failures are the tests that failed, each behind its package.
func failures(out []byte) []string {
	var by, tests []string
	for _, match := range failed.FindAllSubmatch(out, -1) {
		if pkg := string(match[3]); pkg != "" {
			for _, test := range tests {
				by = append(by, pkg+"."+test)
			}
			if tests == nil {
				by = append(by, pkg) // it ended in another way
			}
			tests = nil
			continue
		}
		tests = append(tests, string(match[1])+string(match[2]))
	}
	return by
}
