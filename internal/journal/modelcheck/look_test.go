package modelcheck

import (
	"context"
	"slices"

	"github.com/evhub/evhub/internal/journal"
)

// look opens the journal read-only, as it was left or while it is in use, and checks what is found.
func (w *world) look(when string) {
	o := w.options
	o.FS, o.ReadOnly = w.fs, true
	j, err := journal.Open("journal", o)
	if err != nil && w.id == "" { // the process died before there was one
		return
	}
	if err != nil {
		fail("a look %s: %v", when, err)
	}
	defer j.Close()
	if r := j.Recovery(); !r.Clean() {
		fail("a look %s found damage where there was none: %+v", when, r)
	}
	checkHealthy("a look "+when, j)
}

// checkHealthy checks that nothing is said to be wrong with a journal that was not damaged.
func checkHealthy(who string, j *journal.Journal) {
	c, err := j.Verify(context.Background(), nil)
	if err != nil {
		fail("%s: verify: %v", who, err)
	}
	harm := slices.DeleteFunc(c.Findings, journal.Finding.Harmless)
	if len(harm) > 0 {
		fail("%s: verify finds damage where there is none: %+v", who, harm)
	}
	unreadable, err := j.Unreadable(context.Background())
	if err != nil || len(unreadable) > 0 {
		fail("%s: unreadable are %+v, %v", who, unreadable, err)
	}
}
