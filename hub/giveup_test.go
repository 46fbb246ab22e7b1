package hub_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// letters returns the dead letters of the hub.
func (r *rig) letters() []hub.DeadLetter {
	r.t.Helper()
	var all []hub.DeadLetter
	for l, err := range r.DeadLetters(hub.DeadFilter{}) {
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

func (r *rig) letterIDs() []string {
	r.t.Helper()
	ids := []string{}
	for _, l := range r.letters() {
		ids = append(ids, l.Event.ID)
	}
	return ids
}

func TestWithoutGiveUpNothingIsGivenUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {retry: {max: 1h}}}}`)
		r.brokers["a"].Script(dead(errDown))
		r.put(event("1"))
		after(10 * 24 * time.Hour)
		r.brokers["a"].Script(providertest.Script{})
		r.flush()
		if s := r.stats("a"); s.Delivered != 1 || s.Refused != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// The time of each event is its own, and the backoff does not prolong it.
func TestGiveUpInTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {retry: {give_up: 1m, min: 10m, max: 10m}, timeout: 1s}}}`)
		r.brokers["a"].Script(dead(errDown))
		start := time.Now()
		var tracked []*hub.Tracked
		for _, e := range events("e", 3) {
			w, err := r.PutTracked(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			tracked = append(tracked, w)
			after(10 * time.Second)
		}
		for i, w := range tracked {
			receipt, err := w.Wait(t.Context())
			if err != nil || receipt.Results[0].State != hub.Dead {
				t.Fatalf("%+v, %v", receipt, err)
			}
			took := time.Since(start) - time.Duration(i)*10*time.Second
			if took < time.Minute || took > time.Minute+5*time.Second {
				t.Errorf("event %d was given up after %v", i, took)
			}
		}
		l := r.letters()[0]
		if l.Attempts != 0 || !strings.Contains(l.Reason, "gave up after 1m0s") || !strings.Contains(l.Reason, "connection refused") {
			t.Errorf("letter %+v", l)
		}
		r.flush()
	})
}

// One event that a destination always fails holds up the others for the time that the user allows (T54).
func TestAPoisonEventHoldsUpTheOthersNoLongerThanAllowed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {retry: {give_up: 30s}}}}`)
		r.brokers["a"].Script(providertest.Script{OnMessage: func(m providers.Message) providertest.Outcome {
			if m.ID == "e-3" {
				return providertest.Fail()
			}
			return providertest.Outcome{}
		}})
		start := time.Now()
		if _, err := r.PutAll(t.Context(), events("e", 10)); err != nil {
			t.Fatal(err)
		}
		r.flush()
		if took := time.Since(start); took < 30*time.Second || took > 65*time.Second {
			t.Errorf("delivered after %v", took)
		}
		want := ids(events("e", 10))
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, slices.Delete(want, 3, 4)) {
			t.Errorf("delivered %v", got)
		}
		if got := r.letterIDs(); !cmp.Equal(got, []string{"e-3"}) {
			t.Errorf("dead: %v", got)
		}
	})
}

// Without room for its letter an event is not given up.
func TestGiveUpWithFullDeadLettersLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {dead_letters: 0, retry: {give_up: 30s}}}}`)
		r.brokers["a"].Script(dead(errDown))
		r.put(events("e", 10)...)
		after(time.Hour)
		if got := len(r.log.lines("a dead letter cannot be kept")); got == 0 || got > 121 {
			t.Errorf("%d lines say so in an hour", got)
		}
		r.brokers["a"].Script(providertest.Script{})
		r.flush()
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, ids(events("e", 10))) {
			t.Errorf("delivered %v", got)
		}
	})
}
