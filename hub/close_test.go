package hub_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/providertest"
)

func TestCloseDeliversFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a, delivery: {batch: 10, window: 1}}}, {p: {address: b}}]`)
		r.brokers["a"].Script(providertest.Script{OnWait: slow(time.Second)})
		r.put(events("e", 200)...)
		if err := r.Close(within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		for address, b := range r.brokers {
			if got := b.IDs(); !cmp.Equal(got, ids(events("e", 200))) {
				t.Errorf("%s got %d", address, len(got))
			}
			if got := b.Connections(); got != 0 {
				t.Errorf("%s: %d connections are open", address, got)
			}
		}
	})
}

func TestCloseSaysWhatRemainsWhere(t *testing.T) {
	for name, stall := range map[string]func(*providertest.Fake){
		"dial": stallDial, "send": stallSend, "wait": stallWait, "dead": func(b *providertest.Fake) { b.Script(dead(errDown)) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a", "b"), `fake: [{"*": {address: a, delivery: {batch: 2}}}, {p: {address: b}}]`)
				stall(r.brokers["a"])
				r.put(events("e", 20)...)
				start := time.Now()
				err := r.Close(within(t, 10*time.Second))
				if took := time.Since(start); took < 10*time.Second || took > 20*time.Second {
					t.Errorf("Close took %v", took)
				}
				var remaining *hub.RemainingError
				if !errors.As(err, &remaining) || !cmp.Equal(inThisPass(remaining.Lost, remaining.Kept), map[string]int{"fake:*@a": 20}) {
					t.Fatalf("Close: %v", err)
				}
				want := "evhub: closed with undelivered events: 20 for fake:*@a (" + inThisPass("lost", "kept for the next start") + ")"
				if err.Error() != want {
					t.Errorf("%q, want %q", err, want)
				}
				if got := r.brokers["b"].Stats().Stored; got != 20 {
					t.Errorf("b got %d", got)
				}
			})
		})
	}
}

func TestNothingIsAcceptedAfterClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		r.put(event("1"))
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		_, putAll := r.PutAll(ctx, events("e", 2))
		_, putWait := r.PutWait(ctx, event("2"))
		_, putTracked := r.PutTracked(ctx, event("2"))
		_, subscribe := r.Subscribe(hub.Filter{})
		for name, err := range map[string]error{
			"Put": r.Put(ctx, event("2")), "PutNowait": r.PutNowait(event("2")), "PutAll": putAll, "PutWait": putWait,
			"PutTracked": putTracked, "Subscribe": subscribe, "Reload": r.Reload(ctx, parse(t, `{}`)),
		} {
			if !errors.Is(err, hub.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := r.Close(ctx); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if err := r.Flush(ctx); err != nil {
			t.Errorf("Flush after everything was delivered: %v", err)
		}
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("got %v", got)
		}
	})
}

func TestCloseEndsWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {backlog: 1B}}}`)
		stallDial(r.brokers["a"])
		r.put(event("1"))
		put, flush := make(chan error, 1), make(chan error, 1)
		go func() { put <- r.Put(t.Context(), event("2")) }()
		go func() { flush <- r.Flush(t.Context()) }()
		settle()
		if err := r.Close(within(t, time.Second)); err == nil {
			t.Error("Close: no word of what remains")
		}
		for what, c := range map[string]chan error{"Put": put, "Flush": flush} {
			settle()
			select {
			case err := <-c:
				if !errors.Is(err, hub.ErrClosed) {
					t.Errorf("%s: %v", what, err)
				}
			default:
				t.Errorf("%s still waits", what)
			}
		}
		if err := r.Flush(t.Context()); !errors.Is(err, hub.ErrClosed) {
			t.Errorf("Flush after Close: %v", err)
		}
	})
}

func TestFlush(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a}}, {p: {address: b}}]`)
		if err := r.Flush(t.Context()); err != nil {
			t.Errorf("with nothing to do: %v", err)
		}
		release := r.brokers["a"].Stall()
		r.put(event("before"))
		if err := r.Flush(within(t, time.Second)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a stalled destination: %v", err)
		}
		done := make(chan error, 1)
		go func() { done <- r.Flush(t.Context()) }()
		settle()
		release()
		if err := <-done; err != nil {
			t.Error(err)
		}
		r.brokers["a"].Once("refused", providertest.Refuse())
		r.put(event("refused"))
		r.flush()
	})
}

// Flush is for what was accepted before it, whatever comes later.
func TestFlushDoesNotWaitForLaterEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {batch: 1, window: 1}}}`)
		r.brokers["a"].Script(providertest.Script{OnWait: slow(time.Second)})
		r.put(event("before"))
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.flush()
		}()
		settle()
		r.put(events("later", 100)...)
		start := time.Now()
		<-done
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("Flush took %v", took)
		}
	})
}

func TestSyncIsAtOnceWithoutAJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		stallDial(r.brokers["a"])
		r.put(event("1"))
		if err := r.Sync(t.Context()); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Sync(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("with a ctx that has ended: %v", err)
		}
	})
}

func TestCloseTriesOnceMoreAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {retry: {min: 1h, max: 1h}}}}`)
		r.brokers["a"].Script(dead(errDown))
		r.put(event("e"))
		synctest.Wait()
		r.brokers["a"].Script(providertest.Script{})
		if err := r.Close(within(t, 2*time.Second)); err != nil {
			t.Errorf("Close: %v", err)
		}
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"e"}) {
			t.Errorf("delivered %v", got)
		}
	})
}

func TestCloseTellsOfDeadLetters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		r.brokers["a"].Once("e", providertest.Refuse())
		r.put(event("e"))
		r.flush()
		if err := r.Close(within(t, time.Second)); err != nil {
			t.Fatal(err)
		}
		if n := len(r.log.lines("dead letters are in memory only")); n != inThisPass(1, 0) {
			t.Errorf("told %d times", n)
		}
	})
}
