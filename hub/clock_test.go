package hub_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// The clocks of those who put are off by hours and years, forth and back (T58): every event is delivered at once and in
// Put order, at its own time, nothing expires, and retries come no faster.
func TestEventTimesThatJump(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a, delivery: {retry: {min: 1s, max: 1s}}}}, {p: {address: b}}]`)
		r.brokers["a"].Script(dead(errors.New("away")))
		const year = 365 * 24 * time.Hour
		var want []string
		now := time.Now()
		times := map[string]time.Time{}
		for i, jump := range []time.Duration{0, time.Hour, -time.Hour, year, -year, -30 * year, 100 * year, 0} {
			e := event(fmt.Sprint(i))
			e.Time = now.Add(jump)
			want, times[e.ID] = append(want, e.ID), e.Time
			r.put(e)
		}
		settle()
		if got := r.brokers["b"].IDs(); !cmp.Equal(got, want) {
			t.Errorf("b got %v at once", got)
		}
		after(time.Minute)
		s := r.stats("a")
		if s.Dials > 200 || s.Dials < 30 {
			t.Errorf("%d dials in a minute of pauses up to 1 s", s.Dials)
		}
		if s.BacklogEvents != len(want) || s.Dropped+s.Refused > 0 {
			t.Errorf("an event has expired: %+v", s)
		}
		if s.Oldest.Before(now) || s.Oldest.After(time.Now()) {
			t.Errorf("the oldest was accepted at %v, between %v and %v", s.Oldest, now, time.Now())
		}
		r.brokers["a"].Script(providertest.Script{})
		r.flush()
		for address, b := range r.brokers {
			if got := firsts(b); !cmp.Equal(got, want) {
				t.Errorf("%s got %v", address, got)
			}
			for _, m := range b.Stored() {
				if !m.Time.Equal(times[m.ID]) {
					t.Errorf("%s: event %s of %v says %v", address, m.ID, times[m.ID], m.Time)
				}
			}
		}
	})
}

// An event of any time that a Go program may have is delivered or refused at the door, and leaves no destination stuck.
func TestExtremeTimes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, brokers{"a": acked(providers.Full)}, `fake: {p: {address: a}}`)
		accepted := 0
		for _, at := range []time.Time{
			time.Unix(0, 0), time.Unix(-1<<40, 0), time.Unix(1<<40, 0), time.Date(9999, 12, 31, 23, 59, 59, 999, time.UTC),
			time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1<<60, 0), time.Now(),
		} {
			if r.Put(t.Context(), hub.Event{Profile: "p", Time: at}) == nil {
				accepted++
			}
		}
		r.flush()
		if got := r.brokers["a"].Stats().Stored; got != accepted || got < 1 {
			t.Errorf("%d of %d", got, accepted)
		}
	})
}
