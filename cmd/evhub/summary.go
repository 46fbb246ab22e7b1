package main

import (
	"fmt"
	"strings"

	"github.com/evhub/evhub/hub"
)

// summary is what became of the events of one call.
type summary struct {
	read, accepted, refused int
	// stuck is why the rest was not put.
	stuck error
	// uncertain says which events may be on disk or not.
	uncertain error
	// closing is what the hub's Close returned.
	closing error
	// pending counts the events that were to be settled by now, as receipts were asked for, and are not.
	pending int
	// source is what Runner's events came from; nil but for evhub ingest.
	source *ingestSource
	// skipped are lines that were no events, known events that were put before.
	skipped, known int

	outcome
}

func newSummary(journal string) *summary {
	return &summary{outcome: newOutcome(journal)}
}

// finish takes stock of the closed hub.
func (s *summary) finish(h *hub.Hub) {
	s.take(h.Stats(), s.closing)
	if s.source != nil {
		odd := s.source.counts()
		s.skipped, s.known = odd.Other, int(s.source.again.Load())
		s.refused += odd.Broken
	}
}

// code is the exit code, given what was wrong with the source.
func (s *summary) code(readErr error) int {
	switch {
	case len(s.lost) > 0 || s.stuck != nil || s.pending > 0:
		return exitRemain
	case s.letters.count > 0:
		return exitDead
	case s.refused > 0:
		return exitRefused
	case readErr != nil || s.uncertain != nil || s.damaged():
		return exitFailure
	}
	return exitDone
}

func (s *summary) print(o *options) {
	if o.json() {
		_ = o.console.printJSON(map[string]any{"summary": s.line()}) // the exit code says the essence too
		return
	}
	w := o.console.err
	s.printTroubles(w)
	if s.uncertain != nil {
		fmt.Fprintf(w, "%s %s\n", w.style.failure("uncertain:"), visible(s.uncertain.Error()))
	}
	if s.stuck != nil {
		fmt.Fprintf(w, "%s %s\n", w.style.failure("stopped:"), visible(s.stuck.Error()))
	}
	if s.read != 1 || s.accepted != 1 || s.troubled() || s.known+s.skipped+s.refused > 0 {
		fmt.Fprintln(w, s.text())
	}
}

// troubled reports whether something else came of an event than its delivery.
func (s *summary) troubled() bool {
	return s.letters.count+len(s.lost)+len(s.kept)+len(s.waitingOrphans()) > 0 || s.damaged() || s.stats.Unmatched > 0 || s.total(dropped) > 0
}

func (s *summary) text() string {
	parts := []string{count(s.accepted, "event") + " accepted"}
	if unmatched := s.stats.Unmatched - s.stats.Filtered; unmatched > 0 {
		parts = append(parts, fmt.Sprintf("%d matched no destination", unmatched))
	}
	if s.stats.Filtered > 0 {
		parts = append(parts, fmt.Sprintf("%d passed no filter", s.stats.Filtered))
	}
	parts = append(parts, s.parts()...)
	if s.known > 0 {
		parts = append(parts, fmt.Sprintf("%d put before", s.known))
	}
	if s.skipped > 0 {
		parts = append(parts, count(s.skipped, "other line")+" skipped")
	}
	if s.refused > 0 {
		parts = append(parts, fmt.Sprintf("%d refused", s.refused))
	}
	return strings.Join(parts, ", ")
}

// summaryLine is the JSON form of a summary; its keys are stable.
type summaryLine struct {
	Read      int    `json:"read"`
	Accepted  int    `json:"accepted"`
	Refused   int    `json:"refused"`
	Unmatched int64  `json:"unmatched"`
	Filtered  int64  `json:"filtered,omitempty"`  // those of the unmatched that patterns match, and no filter lets pass
	Known     int    `json:"known,omitempty"`     // put by an earlier call of evhub ingest
	Skipped   int    `json:"skipped,omitempty"`   // lines that are no events, for evhub ingest
	Stopped   string `json:"stopped,omitempty"`   // why the rest was not put
	Uncertain string `json:"uncertain,omitempty"` // which events may be on disk or not
	outcomeLine
}

func (s *summary) line() summaryLine {
	l := summaryLine{
		Read: s.read, Accepted: s.accepted, Refused: s.refused, Unmatched: s.stats.Unmatched, Filtered: s.stats.Filtered,
		Known: s.known, Skipped: s.skipped, outcomeLine: s.outcome.line(),
	}
	if s.stuck != nil {
		l.Stopped = s.stuck.Error()
	}
	if s.uncertain != nil {
		l.Uncertain = s.uncertain.Error()
	}
	return l
}
