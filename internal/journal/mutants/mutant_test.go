package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFailures(t *testing.T) {
	out := "ok  \texample.org/journal/disk\t0.1s\n--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\nFAIL\n" +
		"FAIL\texample.org/journal/modelcheck\t0.2s\nFAIL\texample.org/journal\t0.2s\nFAIL\n"
	if diff := cmp.Diff([]string{"modelcheck.TestA", "journal"}, failures([]byte(out))); diff != "" {
		t.Error(diff)
	}
}

// TestMutantsApply: every fault can still be put in, and each has a name of its own.
func TestMutantsApply(t *testing.T) {
	if err := os.Chdir("../../.."); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range mutants() {
		if seen[m.name] || m.old == m.new {
			t.Errorf("%s: twice, or no change", m.name)
		}
		seen[m.name] = true
		if _, err := m.overlay(t.TempDir()); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}
