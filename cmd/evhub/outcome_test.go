package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
)

func TestWhichLinesAreUncertain(t *testing.T) {
	for want, lines := range map[string][]line{
		"whether lines 7 to 9 are on disk is not known": {{number: 7}, {number: 9}},
		"whether line 7 is on disk is not known":        {{number: 7}},
		"whether the event is on disk is not known":     {{}},
	} {
		s := newSummary("dir")
		s.uncertain = uncertain(lines, hub.ErrUncertain)
		var out bytes.Buffer
		s.print(&options{output: "text", console: newConsole(nil, &out, &out)})
		if !strings.Contains(out.String(), "uncertain: "+want) || s.code(nil) != exitFailure {
			t.Errorf("%q, exit code %d; want %q", out.String(), s.code(nil), want)
		}
	}
}

func TestWhatAClosedHubLeaves(t *testing.T) {
	o := newOutcome("dir")
	broken := errors.New("the journal is broken")
	stats := hub.Stats{Destinations: []hub.DestinationStats{
		{Name: "a", Delivered: 1}, {Name: "old", Removed: true, BacklogEvents: 3}, {Name: "buried", Removed: true, DeadLetters: 2}, {Name: "gone", Removed: true},
	}}
	o.take(stats, errors.Join(&hub.RemainingError{Kept: map[string]int{"a": 2}, Lost: map[string]int{"a": 1}}, broken))
	if diff := cmp.Diff(destinationLine{Destination: "a", Delivered: 1, Remaining: 3, Kept: 2}, o.line().Destinations[0]); diff != "" {
		t.Error(diff)
	}
	if l := o.line(); l.Fault != broken.Error() || len(l.Destinations) != 1 || !cmp.Equal(l.Orphans, []orphanLine{{"old", 3, 0}, {"buried", 0, 2}}) {
		t.Errorf("%+v", l)
	}
	var out bytes.Buffer
	o.printTroubles(newStream(&out))
	want := "undelivered: 1 event for a\nkept: 2 events for a in the journal dir\n" +
		"orphaned: 3 events for old, which is not in the acct file: evhub journal adopt 'old' TO, or evhub journal drop 'old'\njournal: the journal is broken\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
