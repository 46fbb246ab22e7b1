package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evhub/evhub/hub"
)

// summary is what became of the events of one call.
type summary struct {
	read, accepted, refused int
	// stuck is why the rest was not put.
	stuck error
	// closing is what the hub's Close returned.
	closing error

	stats   hub.Stats
	letters []hub.DeadLetter
	remain  map[string]int
}

// finish takes stock of the closed hub.
func (s *summary) finish(h *hub.Hub) {
	s.stats = h.Stats()
	for l, err := range h.DeadLetters(hub.DeadFilter{}) {
		if err == nil {
			s.letters = append(s.letters, l)
		}
	}
	s.remain = map[string]int{}
	if remaining, ok := errors.AsType[*hub.RemainingError](s.closing); ok {
		maps.Copy(s.remain, remaining.Kept)
		maps.Copy(s.remain, remaining.Lost)
	}
}

// code is the exit code, given what was wrong with the source.
func (s *summary) code(readErr error) int {
	switch {
	case len(s.remain) > 0 || s.stuck != nil:
		return exitRemain
	case len(s.letters) > 0:
		return exitDead
	case s.refused > 0:
		return exitRefused
	case readErr != nil:
		return exitFailure
	}
	return exitDone
}

// shownLetters is how many dead letters are shown; a broken destination makes them all alike.
const shownLetters = 5

func (s *summary) print(o *options) {
	if o.json() {
		_ = o.console.printJSON(map[string]any{"summary": s.line()}) // the exit code says the essence too
		return
	}
	w := o.console.err
	for i, l := range s.letters {
		if i == shownLetters {
			fmt.Fprintf(w, "%s %d more\n", w.style.failure("dead:"), len(s.letters)-i)
			break
		}
		fmt.Fprintf(w, "%s event %s at %s: %s\n", w.style.failure("dead:"), l.Event.ID, visible(l.Destination), visible(l.Reason))
	}
	for _, name := range slices.Sorted(maps.Keys(s.remain)) {
		fmt.Fprintf(w, "%s %s for %s%s\n", w.style.failure("undelivered:"), count(s.remain[name], "event"), visible(name), s.lastError(name))
	}
	if s.stuck != nil {
		fmt.Fprintf(w, "%s %s\n", w.style.failure("stopped:"), visible(s.stuck.Error()))
	}
	if s.read != 1 || s.accepted != 1 || s.troubled() {
		fmt.Fprintln(w, s.text())
	}
}

// troubled reports whether something else came of an event than its delivery.
func (s *summary) troubled() bool {
	return len(s.letters)+len(s.remain) > 0 || s.stats.Unmatched > 0 || s.total(dropped) > 0
}

func (s *summary) lastError(name string) string {
	for _, d := range s.stats.Destinations {
		if d.Name == name && d.LastError != "" {
			return ": " + visible(d.LastError)
		}
	}
	return ""
}

func delivered(d hub.DestinationStats) int64 { return d.Delivered }
func dropped(d hub.DestinationStats) int64   { return d.Dropped }

// total adds up a number of all destinations.
func (s *summary) total(of func(hub.DestinationStats) int64) (n int64) {
	for _, d := range s.stats.Destinations {
		n += of(d)
	}
	return n
}

func (s *summary) text() string {
	remain := 0
	for _, n := range s.remain {
		remain += n
	}
	parts := []string{count(s.accepted, "event") + " accepted"}
	add := func(n int64, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(s.stats.Unmatched, "matched no destination")
	add(s.total(delivered), "delivered")
	add(s.total(dropped), "dropped by policy")
	if len(s.letters) > 0 {
		parts = append(parts, count(len(s.letters), "dead letter"))
	}
	add(int64(remain), "undelivered")
	add(int64(s.refused), "refused")
	return strings.Join(parts, ", ")
}

// count spells a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
