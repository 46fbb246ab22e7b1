package hub_test

import (
	"errors"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

func TestDuplicatesAreAtMostTheWindow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {batch: 5, window: 3}}}`)
		b := r.brokers["a"]
		b.Script(unanswered())
		if _, err := r.PutAll(t.Context(), events("e", 100)); err != nil {
			t.Fatal(err)
		}
		settle()
		if got := b.Stats().Stored; got != 15 {
			t.Fatalf("%d in the air, want batch times window", got)
		}
		b.Script(providertest.Script{})
		b.Cut()
		r.flush()
		s := r.stats("a")
		if got := b.Stats().Duplicates; got != 15 || s.Uncertain != 15 || s.Retried != 15 {
			t.Errorf("%d duplicates, %d uncertain, %d retried; want 15 of each", got, s.Uncertain, s.Retried)
		}
		attempts := map[string]int{}
		for _, m := range b.Stored() {
			if attempts[m.ID]++; m.Attempt != attempts[m.ID] {
				t.Errorf("%s comes for the %d. time with Attempt %d", m.ID, attempts[m.ID], m.Attempt)
			}
		}
	})
}

func TestUnsentIsNotUncertain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		r.brokers["a"].Once("e-0", providertest.Outcome{Err: providers.Unsent(errors.New("broken pipe"))})
		r.put(events("e", 1)...)
		r.flush()
		if s := r.stats("a"); s.Retried != 1 || s.Uncertain != 0 {
			t.Errorf("retried %d, uncertain %d; want 1 and 0", s.Retried, s.Uncertain)
		}
	})
}

// A Wait that gets no answer ends with the timeout; what is behind it gets a moment, not a timeout each.
func TestNoAnswerEndsTheSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {timeout: 5s, batch: 1, window: 100}}}`)
		b := r.brokers["a"]
		b.Script(unanswered())
		start := time.Now()
		if _, err := r.PutAll(t.Context(), events("e", 100)); err != nil {
			t.Fatal(err)
		}
		settle()
		b.Script(providertest.Script{})
		r.flush()
		if took := time.Since(start); took > 5*time.Second+2*time.Second {
			t.Errorf("delivered after %v", took)
		}
		if got := b.Stats().Dials; got != 2 {
			t.Errorf("%d dials", got)
		}
	})
}

// A line too slow for a whole batch still gets some through, and is used fully again later.
func TestABatchThatTimesOutShrinks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {timeout: 1s, batch: 64, window: 1}}}`)
		r.brokers["a"].Script(providertest.Script{OnWait: slowPerMessage(100 * time.Millisecond)})
		if _, err := r.PutAll(t.Context(), events("e", 200)); err != nil {
			t.Fatal(err)
		}
		if err := r.Flush(within(t, 10*time.Minute)); err != nil {
			t.Fatalf("%v: %+v", err, r.stats("a"))
		}
		r.brokers["a"].Script(providertest.Script{})
		sends := r.brokers["a"].Stats().Sends
		if _, err := r.PutAll(t.Context(), events("f", 640)); err != nil {
			t.Fatal(err)
		}
		r.flush()
		if got := r.brokers["a"].Stats().Sends - sends; got > 20 {
			t.Errorf("%d sends for ten batches: the batch did not grow again", got)
		}
	})
}
