package hub_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/providertest"
)

func TestReloadRemovesADestination(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a, delivery: {batch: 1, window: 1}}}, {p: {address: b}}]`)
		a := r.brokers["a"]
		a.Script(providertest.Script{OnWait: slow(time.Second)})
		r.put(events("e", 100)...)
		r.reload(`fake: {p: {address: b}}`)
		r.put(event("later"))
		after(time.Minute)
		s := r.stats("a")
		if !s.Removed || s.Delivered < 25 || s.Delivered > 31 || int(s.Delivered)+s.BacklogEvents != 100 || a.Connections() > 0 {
			t.Errorf("after a minute: %+v; want thirty seconds' worth delivered and the rest kept", s)
		}
		if len(r.log.lines("a removed destination still has events")) != 1 {
			t.Error("the log does not say that events are kept")
		}
		r.reload(`fake: {p: {address: b}}`) // what is kept survives another one
		if err := r.Flush(within(t, time.Second)); err != nil {
			t.Errorf("Flush waits for what is not delivered any more: %v", err)
		}
		a.Script(providertest.Script{})
		r.reload(`fake: [{p: {address: a}}, {p: {address: b}}]`)
		r.put(event("back"))
		r.flush()
		if got := firsts(a); !cmp.Equal(got, append(ids(events("e", 100)), "back")) {
			t.Errorf("a got %v", got)
		}
		if got := len(r.Stats().Destinations); got != 2 || r.stats("a").Removed {
			t.Errorf("%d destinations", got)
		}
	})
}

func TestARemovedDestinationThatHasDeliveredIsForgotten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: {p: {address: a}}`)
		r.put(event("1"))
		r.reload(`fake: {p: {address: b}}`)
		settle()
		if got := r.names(); !cmp.Equal(got, []string{"fake:p@b"}) {
			t.Errorf("destinations %v", got)
		}
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("a got %v", got)
		}
		if got := r.brokers["a"].Connections(); got != 0 {
			t.Errorf("%d connections to a", got)
		}
	})
}

func TestAPutThatWaitsForARemovedDestinationGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), twoOfWhichOneIsSmallWithoutOther)
		stallDial(r.brokers["b"])
		r.put(event("1"))
		blocked := make(chan error, 1)
		go func() { blocked <- r.Put(t.Context(), event("2")) }()
		settle()
		r.reload(`fake: {p: {address: a}}`)
		if err := <-blocked; err != nil {
			t.Fatal(err)
		}
		settle()
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"1", "2"}) {
			t.Errorf("a got %v", got)
		}
	})
}

const twoOfWhichOneIsSmallWithoutOther = `fake: [{p: {address: a}}, {p: {address: b, delivery: {backlog: 1B}}}]`

func TestCloseCountsWhatARemovedDestinationKeeps(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		r.brokers["a"].Script(dead(errDown))
		r.put(events("e", 3)...)
		r.reload(`{}`)
		err := r.Close(within(t, time.Second))
		var remaining *hub.RemainingError
		if !errors.As(err, &remaining) || inThisPass(remaining.Lost, remaining.Kept)["fake:p@a"] != 3 {
			t.Errorf("Close: %v", err)
		}
	})
}

// Close leaves nothing behind, not even where a removed destination still delivers.
func TestCloseEndsARemovedDestination(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		stallWait(r.brokers["a"])
		r.put(event("1"))
		settle()
		r.reload(`{}`)
		if err := r.Close(within(t, time.Second)); err == nil {
			t.Error("Close: no word of what remains")
		}
		if got := r.brokers["a"].Connections(); got != 0 {
			t.Errorf("%d connections are open", got)
		}
	})
}

// A destination that comes back has the configuration that it comes back with.
func TestARemovedDestinationComesBackChanged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("old", "new"), `fake: {p: {name: n, address: old}}`)
		r.brokers["old"].Script(dead(errDown))
		r.put(event("1"))
		r.reload(`{}`)
		after(time.Second) // it still tries
		r.reload(`fake: {p: {name: n, address: new, format: raw}}`)
		r.put(event("2"))
		r.flush()
		if got := r.brokers["new"].IDs(); !cmp.Equal(got, []string{"1", "2"}) {
			t.Errorf("new got %v", got)
		}
		if got := string(r.brokers["new"].Stored()[0].Body); got != `"1"` {
			t.Errorf("as %s", got)
		}
	})
}
