package hub_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/profiles"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// suffix matches names that end with it.
type suffix string

func (s suffix) Match(name string) bool { return strings.HasSuffix(name, string(s)) }

func TestWithMatcher(t *testing.T) {
	bubble(t, func(t *testing.T) {
		compile := func(pattern string) (profiles.Matcher, error) { return suffix(pattern), nil }
		r := open(t, healthy("a"), "match_plugin: suffix\nfake: {-status: {address: a}}", hub.WithMatcher("suffix", compile))
		r.put(hub.Event{Profile: "idem-status", ID: "1"}, hub.Event{Profile: "-status-", ID: "2"})
		r.flush()
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("got %v", got)
		}
	})
}

func TestHooksCountWhatStatsCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var accepted, delivered, bytes, retried, dead, dropped atomic.Int64
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {batch: 3, window: 3}}}`, hub.WithHooks(hub.Hooks{
			Accepted:  func(string, int) { accepted.Add(1) },
			Delivered: func(_ string, n int, b int64) { delivered.Add(int64(n)); bytes.Add(b) },
			Retried: func(_ string, n int, err error) {
				retried.Add(int64(n))
				if err == nil {
					t.Error("Retried without a reason")
				}
			},
			Dead:    func(string, hub.DeadLetter) { dead.Add(1) },
			Dropped: func(_ string, n int) { dropped.Add(int64(n)) },
		}))
		r.brokers["a"].Once("e-4", providertest.Fail(), providertest.Refuse())
		r.brokers["a"].Once("e-7", providertest.LoseAnswer())
		if _, err := r.PutAll(t.Context(), events("e", 50)); err != nil {
			t.Fatal(err)
		}
		r.flush()
		s := r.stats("a")
		got := []int64{accepted.Load(), delivered.Load(), bytes.Load(), retried.Load(), dead.Load(), dropped.Load()}
		want := []int64{50, s.Delivered, s.DeliveredBytes, s.Retried, s.Refused, s.Dropped}
		if diff := cmp.Diff(want, got); diff != "" || s.Delivered != 49 || s.Refused != 1 {
			t.Errorf("hooks against stats %+v (-want +got):\n%s", s, diff)
		}
	})
}

// The most bytes of a provider hold for every flight, those that are sent again included.
func TestBatchBytesHold(t *testing.T) {
	for name, format := range map[string]string{"formatted": "idem", "as it is": "raw"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				caps := providers.Caps{Acked: true, Order: providers.Full, BatchBytes: 3000, BatchMessages: 50, Window: 3}
				r := open(t, brokers{"a": providertest.NewFake(caps)}, `fake: {p: {address: a, format: `+format+`}}`)
				r.brokers["a"].Script(trouble(1, 30, time.Now().Add(time.Minute)))
				es := events("e", 500)
				for i := range es {
					es[i].Body = []byte(strings.Repeat("x", i*37%900))
					if i%100 == 50 {
						es[i].Body = []byte(strings.Repeat("x", 5000)) // larger than any flight: goes alone
					}
				}
				if _, err := r.PutAll(t.Context(), es); err != nil {
					t.Fatal(err)
				}
				r.flush()
				if got := firsts(r.brokers["a"]); !cmp.Equal(got, ids(es)) {
					t.Errorf("%d of %d arrived, or not in order", len(got), len(es))
				}
				if s := r.brokers["a"].Stats(); s.Messages/s.Sends < 2 {
					t.Errorf("%d messages in %d flights", s.Messages, s.Sends)
				}
			})
		})
	}
}

func TestLingerGathersABatchAndNoLonger(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {linger: 1h, batch: 10}}}`)
		b := r.brokers["a"]
		r.put(event("first"))
		settle()
		first := b.Stats().Stored
		r.put(events("e", 9)...)
		settle()
		if got := b.Stats().Stored; got != first {
			t.Errorf("%d of nine were sent before their time", got-first)
		}
		r.put(event("tenth"))
		settle()
		if got := b.Stats(); got.Stored != 11 {
			t.Errorf("a full batch still waits: %+v", got)
		}
		r.put(event("last"))
		after(time.Hour)
		if got := b.Stats().Stored; got != 12 {
			t.Errorf("stored %d after an hour", got)
		}
	})
}

func TestNoLingerByDefault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		start := time.Now()
		for _, e := range events("e", 10) {
			r.put(e)
			r.flush()
		}
		if took := time.Since(start); took > 0 {
			t.Errorf("ten events one by one took %v", took)
		}
	})
}

func TestOpenRefusesABadFileAndStartsNothing(t *testing.T) {
	bs := healthy("a")
	for _, yaml := range []string{"fake: {p: {adress: a}}", "fake: {p: {address: a, delivery: {on_full: explode}}}"} {
		_, err := hub.Open(t.Context(), parse(t, yaml), hub.WithProviders(providertest.FakeProvider("fake", bs)))
		var at *acct.Error
		if !errors.As(err, &at) || at.Line != 1 {
			t.Errorf("%s: %v", yaml, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hub.Open(ctx, parse(t, `{}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("with a ctx that has ended: %v", err)
	}
}

func TestReloadEndsALinger(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("old", "new"), `fake: {p: {name: n, address: old, delivery: {linger: 1h}}}`)
		r.put(event("1"))
		settle()
		r.put(event("2")) // lingers
		settle()
		r.reload(`fake: {p: {name: n, address: new}}`)
		settle()
		if got := r.brokers["new"].IDs(); !cmp.Equal(got, []string{"2"}) {
			t.Errorf("new got %v", got)
		}
	})
}
