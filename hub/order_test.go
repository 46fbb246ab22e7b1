package hub_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// trouble makes a broker do one of everything that can go wrong, at random, with about one message in n. It ends after
// a while, so that every event arrives.
func trouble(seed uint64, n int, until time.Time) providertest.Script {
	random := rand.New(rand.NewPCG(seed, seed))
	return providertest.Script{OnMessage: func(providers.Message) providertest.Outcome {
		if random.IntN(n) > 0 || time.Now().After(until) {
			return providertest.Outcome{}
		}
		switch random.IntN(4) {
		case 0:
			return providertest.Fail()
		case 1:
			return providertest.LoseAnswer()
		case 2:
			return providertest.LoseMessage()
		default:
			return providertest.Outcome{Err: providers.Unsent(errors.New("not sent"))}
		}
	}}
}

// First deliveries come in Put order per key through every kind of failure (T53): for each order that a provider keeps
// and each that a user may ask for, except where the design allows an inversion, which is then counted.
func TestOrderPerKeyThroughFailures(t *testing.T) {
	for _, kept := range []providers.Order{providers.Full, providers.Suffix, providers.None} {
		for _, asked := range []providers.Ordering{providers.OrderKey, providers.OrderStrict, providers.OrderNone} {
			t.Run(fmt.Sprintf("%v, asked for %v", kept, asked), func(t *testing.T) {
				for seed := range uint64(5) {
					bubble(t, func(t *testing.T) { orderUnderTrouble(t, seed, kept, asked) })
				}
			})
		}
	}
}

func orderUnderTrouble(t *testing.T, seed uint64, kept providers.Order, asked providers.Ordering) {
	r := open(t, brokers{"a": acked(kept)}, fmt.Sprintf(`fake: {p: {address: a, delivery: {order: %s, batch: 7, window: 3}}}`, asked))
	b := r.brokers["a"]
	b.Script(trouble(seed, 20, time.Now().Add(time.Minute)))
	var want []string
	for i := range 400 {
		e := event(fmt.Sprint(i))
		e.Key = fmt.Sprintf("key-%d", i%3)
		want = append(want, e.ID)
		r.put(e)
		if i%10 == 0 {
			after(time.Millisecond)
		}
		if i%100 == 50 {
			b.Cut()
		}
	}
	r.flush()
	s := r.stats("a")
	if got := firsts(b); len(got) != len(want) {
		t.Fatalf("%d of %d arrived", len(got), len(want))
	}
	inverted := inversions(b.Stored())
	switch {
	case asked == providers.OrderNone && kept == providers.None:
		if inverted == 0 {
			t.Error("no inversion: the flights were not sent as the user allows")
		}
	case kept == providers.Suffix && asked == providers.OrderKey:
		if int64(inverted) > s.Overtaken || inverted > 0 && s.Overtaken == 0 {
			t.Errorf("%d inversions, %d counted", inverted, s.Overtaken)
		}
	case kept == providers.Suffix && asked == providers.OrderNone:
	default:
		if inverted > 0 || s.Overtaken > 0 {
			t.Errorf("%d inversions, %d counted", inverted, s.Overtaken)
		}
	}
	if s.Retried == 0 {
		t.Error("nothing failed: the test tests nothing")
	}
	if dups := int64(b.Stats().Duplicates); dups > s.Uncertain {
		t.Errorf("%d duplicates, %d outcomes were uncertain", dups, s.Uncertain)
	}
}

// inversions counts the messages that were stored first after a later one of their key.
func inversions(ms []providers.Message) int {
	n, newest, seen := 0, map[string]uint64{}, map[string]bool{}
	for _, m := range ms {
		if seen[m.ID] {
			continue
		}
		seen[m.ID] = true
		if m.Seq < newest[m.OrderingKey()] {
			n++
		}
		newest[m.OrderingKey()] = max(newest[m.OrderingKey()], m.Seq)
	}
	return n
}

// A broker of order Suffix that refuses one message and takes the later ones of the flight: that is the one inversion,
// and it is counted; strict excludes it.
func TestAnOvertakenEventIsCounted(t *testing.T) {
	for asked, want := range map[providers.Ordering]struct {
		ids       []string
		overtaken int64
	}{
		providers.OrderKey:    {[]string{"e-0", "e-2", "other", "e-1"}, 1},
		providers.OrderStrict: {[]string{"e-0", "e-1", "e-2", "other"}, 0},
	} {
		t.Run(string(asked), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, brokers{"a": acked(providers.Suffix)}, fmt.Sprintf(`fake: {"*": {address: a, delivery: {order: %s}}}`, asked))
				b := r.brokers["a"]
				b.Once("e-1", providertest.Fail())
				if _, err := r.PutAll(t.Context(), append(events("e", 3), hub.Event{Profile: "q", ID: "other"})); err != nil {
					t.Fatal(err)
				}
				r.flush()
				if got := b.IDs(); !cmp.Equal(got, want.ids) {
					t.Errorf("got %v, want %v", got, want.ids)
				}
				if got := r.stats("a").Overtaken; got != want.overtaken {
					t.Errorf("Overtaken = %d, want %d", got, want.overtaken)
				}
			})
		})
	}
}

func TestOneMessageAtATimeWhereOrderNeedsIt(t *testing.T) {
	for _, c := range []struct {
		kept  providers.Order
		asked providers.Ordering
		one   bool
	}{
		{providers.Full, providers.OrderStrict, false},
		{providers.Suffix, providers.OrderKey, false},
		{providers.Suffix, providers.OrderStrict, true},
		{providers.None, providers.OrderKey, true},
		{providers.None, providers.OrderStrict, true},
		{providers.None, providers.OrderNone, false},
	} {
		t.Run(fmt.Sprintf("%v, asked for %v", c.kept, c.asked), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, brokers{"a": acked(c.kept)}, fmt.Sprintf(`fake: {p: {address: a, delivery: {order: %s}}}`, c.asked))
				release := r.brokers["a"].Stall()
				if _, err := r.PutAll(t.Context(), events("e", 10)); err != nil {
					t.Fatal(err)
				}
				settle()
				if got := r.brokers["a"].Stats().Stored; (got == 1) != c.one {
					t.Errorf("%d messages in the air", got)
				}
				release()
				r.flush()
				if got := r.brokers["a"].IDs(); c.one && !cmp.Equal(got, ids(events("e", 10))) {
					t.Errorf("got %v", got)
				}
			})
		})
	}
}

func TestWhatFailedComesBeforeAnythingNew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {batch: 3}}}`)
		b := r.brokers["a"]
		b.Once("old-1", providertest.LoseMessage(), providertest.Fail())
		_, _ = r.PutAll(t.Context(), events("old", 10))
		settle()
		_, _ = r.PutAll(t.Context(), events("new", 10))
		r.flush()
		want := append(ids(events("old", 10)), ids(events("new", 10))...)
		if got := b.IDs(); !cmp.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
}
