package hub_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/providertest"
)

// Puts of every kind whose contexts end at random, against a flapping destination, reloads and the close (T57): after
// nil the event is delivered or counted as remaining, after an error it never arrives.
func TestNeverNilAndLost(t *testing.T) {
	for seed := range uint64(10) {
		bubble(t, func(t *testing.T) { neverNilAndLost(t, seed) })
	}
}

func neverNilAndLost(t *testing.T, seed uint64) {
	layouts := []string{
		`fake: [{p: {address: a, delivery: {backlog: 2KiB}}}, {p: {address: b}}]`,
		`fake: [{p: {address: b}}, {p: {address: a, delivery: {backlog: 4KiB, batch: 3}}}]`,
	}
	r := open(t, healthy("a", "b"), layouts[0])
	r.brokers["a"].Script(trouble(seed, 10, time.Now().Add(time.Hour)))
	accepted, refused := putters(t, r, 8, 60)
	stop := make(chan struct{})
	var reloads sync.WaitGroup
	reloads.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(7 * time.Millisecond):
				if err := r.Reload(t.Context(), parse(t, layouts[i%2])); err != nil && !errors.Is(err, hub.ErrClosed) {
					t.Error(err)
				}
			}
		}
	})
	after(time.Duration(200+100*seed) * time.Millisecond)
	err := r.Close(within(t, time.Duration(seed)*time.Second))
	close(stop)
	reloads.Wait()

	remaining := map[string]int{}
	if remains, ok := errors.AsType[*hub.RemainingError](err); ok {
		remaining = remains.Lost
	}
	offered := 0
	for address, name := range map[string]string{"a": "fake:p@a", "b": "fake:p@b"} {
		stored := map[string]bool{}
		for _, id := range r.brokers[address].IDs() {
			stored[id] = true
		}
		lost := 0
		for id := range accepted() {
			if !stored[id] {
				lost++
			}
		}
		// One that remains may have arrived without an answer.
		if lost > remaining[name] || remaining[name] == 0 && lost > 0 {
			t.Errorf("seed %d: %d accepted events did not arrive at %s, Close says %d", seed, lost, address, remaining[name])
		}
		for id := range refused() {
			if stored[id] {
				t.Errorf("seed %d: %s was refused and arrived at %s", seed, id, address)
			}
		}
		offered = len(accepted()) + len(refused())
	}
	if offered != 8*60 {
		t.Errorf("seed %d: %d of %d puts returned", seed, offered, 8*60)
	}
}

// putters starts goroutines that put events in every way, with contexts that end at random. The returned functions
// wait for them and give the IDs that were accepted and refused.
func putters(t *testing.T, r *rig, goroutines, each int) (accepted, refused func() map[string]bool) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	ids := map[bool]map[string]bool{true: {}, false: {}}
	for g := range goroutines {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 1))
			for i := range each {
				e := event(fmt.Sprintf("%d-%d", g, i))
				ok := putSomehow(t, r.Hub, e, random)
				mu.Lock()
				ids[ok][e.ID] = true
				mu.Unlock()
				<-time.After(time.Duration(random.IntN(5)) * time.Millisecond)
			}
		})
	}
	of := func(ok bool) func() map[string]bool {
		return func() map[string]bool {
			wg.Wait()
			return ids[ok]
		}
	}
	return of(true), of(false)
}

// putSomehow reports whether e was accepted.
func putSomehow(t *testing.T, h *hub.Hub, e hub.Event, random *rand.Rand) bool {
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(2000))*time.Microsecond)
	defer cancel()
	var err error
	switch random.IntN(4) {
	case 0:
		err = h.Put(ctx, e)
	case 1:
		err = h.PutNowait(e)
	case 2:
		var n int
		if n, err = h.PutAll(ctx, []hub.Event{e}); (n == 1) != (err == nil) {
			t.Errorf("PutAll = %d, %v", n, err)
		}
	case 3:
		_, err = h.PutTracked(ctx, e)
	}
	known := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, hub.ErrQueueFull) || errors.Is(err, hub.ErrClosed)
	if err != nil && !known {
		t.Errorf("unexpected: %v", err)
	}
	return err == nil
}

// Without virtual time and with real parallelism, for the race detector.
func TestPutReloadStatsAndCloseAtOnce(t *testing.T) {
	r := open(t, healthy("a", "b", "c"), `fake: [{p: {address: a}}, {p: {address: b}}]`)
	r.brokers["a"].Script(providertest.Script{OnWait: slow(time.Millisecond)})
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				_ = r.PutNowait(event(fmt.Sprintf("%d-%d", g, i)))
			}
		})
	}
	wg.Go(func() {
		for i := range 20 {
			_ = r.Reload(t.Context(), parse(t, []string{
				`fake: [{p: {address: a}}, {p: {address: b}}]`, `fake: [{p: {address: c}}, {p: {address: a, format: raw}}]`,
			}[i%2]))
		}
	})
	wg.Go(func() {
		for range 50 {
			_ = r.Stats()
			for range r.DeadLetters(hub.DeadFilter{}) {
			}
			_ = r.Flush(within(t, time.Millisecond))
		}
	})
	wg.Wait()
	if err := r.Close(within(t, time.Minute)); err != nil {
		t.Error(err)
	}
}
