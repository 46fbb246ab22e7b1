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
	// stuck is why the rest was not even read.
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
	var remaining *hub.RemainingError
	s.remain = map[string]int{}
	if errors.As(s.closing, &remaining) {
		maps.Copy(s.remain, remaining.Kept)
		maps.Copy(s.remain, remaining.Lost)
	}
}

func (s *summary) exit() error {
	switch {
	case len(s.remain) > 0 || s.stuck != nil:
		return &exitError{code: exitRemain}
	case len(s.letters) > 0:
		return &exitError{code: exitDead}
	case s.refused > 0:
		return &exitError{code: exitRefused}
	}
	return nil
}

// shownLetters is how many dead letters are shown; a broken destination makes them all alike.
const shownLetters = 5

func (s *summary) print(o *options) {
	if o.json() {
		_ = o.console.printJSON(s.json())
		return
	}
	w, style := o.console.err, o.console.style(o.console.err)
	for i, l := range s.letters {
		if i == shownLetters {
			fmt.Fprintf(w, "%s %d more\n", style.failure("dead:"), len(s.letters)-i)
			break
		}
		fmt.Fprintf(w, "%s event %s at %s: %s\n", style.failure("dead:"), l.Event.ID, l.Destination, l.Reason)
	}
	for _, name := range slices.Sorted(maps.Keys(s.remain)) {
		fmt.Fprintf(w, "%s %s for %s%s\n", style.failure("undelivered:"), count(s.remain[name], "event"), name, s.lastError(name))
	}
	if s.stuck != nil {
		fmt.Fprintf(w, "%s %v\n", style.failure("stopped reading:"), s.stuck)
	}
	if s.read != 1 || s.refused+len(s.letters)+len(s.remain) > 0 {
		fmt.Fprintln(w, s.text())
	}
}

func (s *summary) lastError(name string) string {
	for _, d := range s.stats.Destinations {
		if d.Name == name && d.LastError != "" {
			return ": " + d.LastError
		}
	}
	return ""
}

func (s *summary) text() string {
	parts := []string{count(s.accepted, "event") + " accepted"}
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	var delivered, dropped int64
	remain := 0
	for _, d := range s.stats.Destinations {
		delivered += d.Delivered
		dropped += d.Dropped
	}
	for _, n := range s.remain {
		remain += n
	}
	add(int(s.stats.Unmatched), "matched no destination")
	add(int(delivered), "delivered")
	add(int(dropped), "dropped by policy")
	add(len(s.letters), "dead letters")
	add(remain, "undelivered")
	add(s.refused, "refused")
	return strings.Join(parts, ", ")
}

// json is the machine's form of the summary; its keys are stable.
func (s *summary) json() map[string]any {
	destinations := []map[string]any{}
	for _, d := range s.stats.Destinations {
		one := map[string]any{
			"destination": d.Name, "delivered": d.Delivered, "dead": d.Refused, "dropped": d.Dropped,
			"remaining": s.remain[d.Name], "retried": d.Retried, "uncertain": d.Uncertain,
		}
		if d.LastError != "" {
			one["last_error"] = d.LastError
		}
		destinations = append(destinations, one)
	}
	return map[string]any{"summary": map[string]any{
		"read": s.read, "accepted": s.accepted, "refused": s.refused, "unmatched": s.stats.Unmatched,
		"destinations": destinations,
	}}
}

// count spells a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
