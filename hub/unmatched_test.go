package hub_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
)

func TestAnUnmatchedEventIsCountedAndItsProfileLoggedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		matched := map[string]int{}
		r := open(t, healthy("a"), `fake: {p: {address: a}}`,
			hub.WithHooks(hub.Hooks{Accepted: func(profile string, destinations int) { matched[profile] += destinations + 1 }}))
		for range 5 {
			r.put(hub.Event{Profile: "nobody"}, hub.Event{Profile: "no\nbody"}, event("1"))
		}
		if s := r.Stats(); s.Unmatched != 10 || s.Accepted != 15 {
			t.Errorf("unmatched %d, accepted %d", s.Unmatched, s.Accepted)
		}
		if got := len(r.log.lines("no destination matches")); got != 2 {
			t.Errorf("%d lines for two profiles", got)
		}
		if got := len(r.log.lines("no%0Abody")); got != 1 {
			t.Error("a control character in the log")
		}
		if want := map[string]int{"nobody": 5, "no\nbody": 5, "p": 10}; !cmp.Equal(matched, want) {
			t.Errorf("the hook got %v", matched)
		}
	})
}

func TestUnmatchedProfilesDoNotFillTheLog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		for i := range 5000 {
			r.put(hub.Event{Profile: fmt.Sprint(i)})
		}
		if got := len(r.log.lines("no destination matches")); got != 1024 {
			t.Errorf("%d lines", got)
		}
		if got := r.Stats().Unmatched; got != 5000 {
			t.Errorf("Unmatched = %d", got)
		}
	})
}

func TestStrict(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`, hub.WithStrict())
		if err := r.PutNowait(hub.Event{Profile: "q"}); !errors.Is(err, hub.ErrNoRoute) {
			t.Errorf("PutNowait: %v", err)
		}
		if n, err := r.PutAll(t.Context(), []hub.Event{event("1"), {Profile: "q"}, event("2")}); n != 1 || !errors.Is(err, hub.ErrNoRoute) {
			t.Errorf("PutAll = %d, %v", n, err)
		}
		if s := r.Stats(); s.Accepted != 1 || s.Unmatched != 0 {
			t.Errorf("accepted %d, unmatched %d", s.Accepted, s.Unmatched)
		}
	})
}
