package hub_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// ten destinations; the last three are a, b and c.
func tenDestinations() (brokers, string) {
	bs := healthy("h0", "h1", "h2", "h3", "h4", "h5", "h6", "a", "b", "c")
	yaml := "fake:\n"
	for _, address := range slices.Sorted(keys(bs)) {
		yaml += fmt.Sprintf("- p: {address: %s, delivery: {timeout: 2s}}\n", address)
	}
	return bs, yaml
}

func keys(bs brokers) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range bs {
			if !yield(k) {
				return
			}
		}
	}
}

// Virtual time makes the test exact: an event that is put reaches every healthy destination before the clock moves,
// whatever the others do, for an hour (T49).
func TestOthersNoticeNothing(t *testing.T) {
	faults := map[string]func(*providertest.Fake){
		"dead":           func(b *providertest.Fake) { b.Script(dead(errors.New("connection refused"))) },
		"stalled dial":   stallDial,
		"stalled send":   stallSend,
		"stalled wait":   stallWait,
		"stalled close":  stallClose,
		"slow":           func(b *providertest.Fake) { b.Script(providertest.Script{OnWait: slow(time.Second)}) },
		"refuses always": func(b *providertest.Fake) { b.Script(providertest.Script{OnMessage: outcome(providertest.Refuse())}) },
		"loses answers": func(b *providertest.Fake) {
			b.Script(providertest.Script{OnMessage: outcome(providertest.LoseAnswer())})
		},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				bs, yaml := tenDestinations()
				r := open(t, bs, yaml)
				fault(bs["a"])
				for i := range 60 {
					r.put(event(fmt.Sprint(i)))
					settle()
					for address, b := range bs {
						if address != "a" && b.Stats().Stored != i+1 {
							t.Fatalf("minute %d: %s has %d of %d", i, address, b.Stats().Stored, i+1)
						}
					}
					after(time.Minute)
				}
			})
		})
	}
}

func TestADeadASlowAndAFlappingOneTogether(t *testing.T) { // T49
	bubble(t, func(t *testing.T) {
		bs, yaml := tenDestinations()
		r := open(t, bs, yaml)
		bs["a"].Script(dead(errors.New("connection refused")))
		bs["b"].Script(providertest.Script{OnWait: slow(time.Second)})
		start := time.Now()
		bs["c"].Script(providertest.Script{OnDial: func(context.Context, int) error {
			if int(time.Since(start).Seconds())%20 < 10 {
				return errors.New("flapping")
			}
			return nil
		}})
		var want []string
		for i := range 360 {
			id := fmt.Sprint(i)
			want = append(want, id)
			if before := time.Now(); r.Put(t.Context(), event(id)) != nil || time.Since(before) > 0 {
				t.Fatal("Put failed or waited")
			}
			settle()
			for address, b := range bs {
				if strings.HasPrefix(address, "h") && b.Stats().Stored != i+1 {
					t.Fatalf("%s lags: %d of %d", address, b.Stats().Stored, i+1)
				}
			}
			if i%3 == 0 {
				bs["c"].Cut()
			}
			after(10 * time.Second)
		}
		bs["a"].Script(providertest.Script{})
		r.flush()
		for address, b := range bs {
			if !cmp.Equal(firsts(b), want) {
				t.Errorf("%s: first deliveries are not every event in order", address)
			}
		}
	})
}

func TestAStalledDestinationHoldsUpItsOwnPutsAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{both: {address: a, delivery: {backlog: 1B}}}, {"*": {address: b}}]`)
		stallDial(r.brokers["a"])
		r.put(hub.Event{Profile: "both"})
		blocked := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { blocked <- r.Put(ctx, hub.Event{Profile: "both"}) }()
		settle()
		for range 100 {
			if err := r.PutNowait(hub.Event{Profile: "other"}); err != nil {
				t.Fatal(err)
			}
		}
		settle()
		if got := r.brokers["b"].Stats().Stored; got != 101 {
			t.Errorf("b has %d", got)
		}
		cancel()
		<-blocked
	})
}

func stallClose(b *providertest.Fake) {
	b.Script(providertest.Script{OnMessage: outcome(providertest.LoseMessage()), OnClose: providertest.Hang})
}

// outcome gives every message the outcome o.
func outcome(o providertest.Outcome) func(providers.Message) providertest.Outcome {
	return func(providers.Message) providertest.Outcome { return o }
}

// firsts returns the IDs that b stored, each where it was stored first.
func firsts(b *providertest.Fake) []string {
	seen, ids := map[string]bool{}, []string{}
	for _, id := range b.IDs() {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}
