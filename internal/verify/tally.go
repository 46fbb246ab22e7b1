package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// tally counts checks.
type tally struct {
	passed, failed, skipped int
	failures                []string
	skips                   map[string][]string // by reason
}

func (t *tally) fail(name string) {
	t.failed++
	t.failures = append(t.failures, name)
}

func (t *tally) skip(name, reason string) {
	t.skipped++
	if t.skips == nil {
		t.skips = map[string][]string{}
	}
	t.skips[reason] = append(t.skips[reason], name)
}

// report ends the run: what failed, what was not run and why, and the closing line.
func (t *tally) report(w io.Writer) {
	if len(t.failures) > 0 {
		fmt.Fprintln(w, "\nFailed:")
		for _, name := range t.failures {
			fmt.Fprintf(w, "  %s\n", name)
		}
	}
	if len(t.skips) > 0 {
		fmt.Fprintln(w, "\nNot run:")
		for _, reason := range slices.Sorted(maps.Keys(t.skips)) {
			fmt.Fprintf(w, "  %s: %s\n", brief(t.skips[reason]), reason)
		}
	}
	fmt.Fprintf(w, "\n%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
}

// brief names at most three.
func brief(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
