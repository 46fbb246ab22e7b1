package hub_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/providertest"
)

// twoOfWhichOneIsSmall has a destination b whose backlog holds one event.
const twoOfWhichOneIsSmall = `fake:
- p: {address: a}
- p: {address: b, delivery: {backlog: 1B}}
- other: {address: c}
`

// stallDial makes every dial of a broker hang.
func stallDial(b *providertest.Fake) {
	b.Script(providertest.Script{OnDial: func(ctx context.Context, _ int) error { return providertest.Hang(ctx) }})
}

func TestAFullDestinationRefusesForAll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b", "c"), twoOfWhichOneIsSmall)
		stallDial(r.brokers["b"])
		r.put(event("1"))
		settle()

		err := r.PutNowait(event("2"))
		var full *hub.FullError
		if !errors.As(err, &full) || !errors.Is(err, hub.ErrQueueFull) || full.Destination != "fake:p@b" {
			t.Errorf("PutNowait: %v; want a FullError that names fake:p@b", err)
		}
		settle()
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("a got %v; an event that was refused for b must not arrive", got)
		}
		if s := r.stats("a"); s.BacklogBytes != 0 || s.BacklogEvents != 0 {
			t.Errorf("what was reserved at a is not given back: %+v", s)
		}
		if got := r.Stats().Accepted; got != 1 {
			t.Errorf("Accepted = %d, want 1", got)
		}
		if err := r.PutNowait(hub.Event{Profile: "other", ID: "3"}); err != nil {
			t.Errorf("a put that does not match the full destination: %v", err)
		}
	})
}

func TestABlockedPutGoesOnWhenThereIsRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b", "c"), twoOfWhichOneIsSmall)
		release := r.brokers["b"].Stall()
		r.put(event("1"))
		done := make(chan error, 1)
		go func() { done <- r.Put(t.Context(), event("2")) }()
		settle()
		select {
		case err := <-done:
			t.Fatalf("Put returned %v while b is full", err)
		default:
		}
		release()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		r.flush()
		for _, address := range []string{"a", "b"} {
			if got := r.brokers[address].IDs(); !cmp.Equal(got, []string{"1", "2"}) {
				t.Errorf("%s got %v", address, got)
			}
		}
	})
}

func TestABlockedPutEndsWithItsContext(t *testing.T) {
	cause := errors.New("the caller's own reason")
	for name, c := range map[string]struct {
		ctx  func(t *testing.T) (context.Context, func())
		want []error
	}{
		"deadline": {func(t *testing.T) (context.Context, func()) {
			return within(t, time.Second), func() {}
		}, []error{context.DeadlineExceeded}},
		"cause": {func(t *testing.T) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(t.Context())
			return ctx, func() { cancel(cause) }
		}, []error{context.Canceled, cause}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a", "b", "c"), twoOfWhichOneIsSmall)
				stallDial(r.brokers["b"])
				r.put(event("1"))
				ctx, cancel := c.ctx(t)
				done := make(chan error, 1)
				go func() { done <- r.Put(ctx, event("2")) }()
				settle()
				cancel()
				err := <-done
				var full *hub.FullError
				if !errors.As(err, &full) || full.Destination != "fake:p@b" {
					t.Errorf("%v is no FullError that names b", err)
				}
				for _, want := range c.want {
					if !errors.Is(err, want) {
						t.Errorf("%q is not %q", err, want)
					}
				}
				settle()
				if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"1"}) {
					t.Errorf("a got %v; nothing was accepted", got)
				}
			})
		})
	}
}

func TestAnEventLargerThanTheBacklogIsTakenWhenItIsEmpty(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {backlog: 1B}}}`)
		for _, e := range events("e", 5) {
			if err := r.Put(within(t, time.Minute), e); err != nil {
				t.Fatal(err)
			}
		}
		r.flush()
		if got := r.brokers["a"].IDs(); len(got) != 5 {
			t.Errorf("got %v", got)
		}
	})
}

func TestPutAllStopsAtTheFirstThatIsNotAccepted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {backlog: 1KiB}}}`)
		stallDial(r.brokers["a"])
		n, err := r.PutAll(within(t, time.Second), events("e", 600))
		if n < 2 || n > inThisPass(4, 9) || !errors.Is(err, hub.ErrQueueFull) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("PutAll = %d, %v", n, err)
		}
		if got := r.stats("a").BacklogEvents; got != n {
			t.Errorf("%d in the backlog, PutAll said %d", got, n)
		}
	})
}

func TestPutAllRefusesABadEventByItsIndex(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		es := events("e", 700)
		es[555].Body = make(chan int)
		n, err := r.PutAll(t.Context(), es)
		if n != 555 || !errors.Is(err, hub.ErrEncode) || !strings.Contains(err.Error(), "event 555") {
			t.Fatalf("PutAll = %d, %v", n, err)
		}
		r.flush()
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, ids(es[:555])) {
			t.Errorf("%d arrived, or not in order", len(got))
		}
	})
}

func TestPutAllWaitsForRoomInTheMiddle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a, delivery: {backlog: 2KiB}}}, {p: {address: b}}]`)
		es := events("e", 1000)
		if n, err := r.PutAll(within(t, time.Minute), es); n != 1000 || err != nil {
			t.Fatalf("PutAll = %d, %v", n, err)
		}
		r.flush()
		for address, b := range r.brokers {
			if !cmp.Equal(b.IDs(), ids(es)) {
				t.Errorf("%s: not every event once and in order", address)
			}
		}
	})
}

func TestOverloadRefusesOrAcceptsAndNothingElse(t *testing.T) { // T56
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {backlog: 30KiB, window: 1, batch: 10}}}`)
		r.brokers["a"].Script(providertest.Script{OnWait: slow(time.Millisecond)})
		const offered = 5000
		accepted, refused := 0, 0
		for range offered {
			err := r.PutNowait(hub.Event{Profile: "p"})
			switch {
			case err == nil:
				accepted++
			case errors.Is(err, hub.ErrQueueFull):
				refused++
				<-time.After(10 * time.Microsecond)
			default:
				t.Fatal(err)
			}
			if bytes := r.stats("a").BacklogBytes; bytes > 30<<10 {
				t.Fatalf("the backlog holds %d bytes", bytes)
			}
		}
		r.flush()
		if accepted+refused != offered || refused == 0 || r.brokers["a"].Stats().Stored != accepted {
			t.Errorf("offered %d, accepted %d, refused %d, stored %d", offered, accepted, refused, r.brokers["a"].Stats().Stored)
		}
	})
}
