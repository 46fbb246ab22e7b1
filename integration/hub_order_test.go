package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/internal/faultproxy"
)

// Many producers share the keys, and the connections of both destinations are cut at random bytes, in both directions: each
// key keeps its order on both brokers.
func TestHubOrderPerKeyWithManyProducers(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	cuts := 8 * rounds(25)
	ctx, o := within(t, 2*time.Minute*time.Duration(rounds(10))), oracle.New("hub-order")
	f := newFanOut(t, k, r, "hub-order")
	f.delivery = "backlog: 256KiB, batch: 100, window: 4, timeout: 2s, retry: {min: 5ms, max: 50ms}"
	proxies := f.proxied(t, k, r)
	h := openHub(t, f.yaml())
	producing, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { manyProducers(t, producing, h, o) })
	var cutters sync.WaitGroup
	for _, p := range proxies {
		cutters.Go(func() { cut(t, ctx, p, cuts) })
	}
	cutters.Wait()
	stop()
	all.Wait()
	flush(t, ctx, h)
	t.Log(describe(h))
	const window = 400
	if n := o.Accepted(); n < 1000 {
		t.Errorf("void: only %d events", n)
	}
	f.verify(t, ctx, k, r, o, window*cuts)
}

// cut ends one connection after the other, each after some random number of bytes.
func cut(t *testing.T, ctx context.Context, p *faultproxy.Proxy, times int) {
	rng := random(t, 0)
	for range times {
		cuts := p.Stats().Cuts
		err := p.Set(faultproxy.Faults{CutUp: 1 + rng.Int64N(400_000), CutDown: 1 + rng.Int64N(4000), Reset: rng.IntN(2) == 0, Times: 1})
		if err != nil {
			t.Error(err)
		}
		for p.Stats().Cuts == cuts {
			select {
			case <-time.After(2 * time.Millisecond):
			case <-ctx.Done():
				t.Error("the connections are not used")
				return
			}
		}
	}
}

// manyProducers has 32 goroutines put events of 100 keys, until ctx ends. The events of a key are put one after the other,
// whoever does it.
func manyProducers(t *testing.T, ctx context.Context, h *hub.Hub, o *oracle.Oracle) {
	const producers, keys = 32, 100
	var turns [keys]sync.Mutex
	from := seed(t)
	var all sync.WaitGroup
	for p := range producers {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(from, uint64(p)))
			for ctx.Err() == nil {
				key := rng.IntN(keys)
				turns[key].Lock()
				e := minted(o, fmt.Sprint("key", key), 100)
				if err := h.Put(ctx, e); err == nil {
					o.Accept(e.ID)
				} else {
					o.Refuse(e.ID)
					if ctx.Err() == nil {
						t.Error(err)
					}
				}
				turns[key].Unlock()
			}
		})
	}
	all.Wait()
}

// A Put whose context ends at any moment either accepted the event or refused it, for all destinations.
func TestHubPutCancelledAtRandom(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	ctx, o := within(t, time.Minute*time.Duration(rounds(10))), oracle.New("hub-cancel")
	f := newFanOut(t, k, r, "hub-cancel")
	f.delivery += ", backlog: 32KiB"
	proxies := f.proxied(t, k, r)
	for _, p := range proxies {
		set(t, p, faultproxy.Faults{Latency: 2 * time.Millisecond})
	}
	h := openHub(t, f.yaml())
	var refused int
	rng := random(t, 0)
	for i := range 5000 * rounds(20) {
		e := minted(o, fmt.Sprint("key", i%7), 100)
		putting, stop := context.WithTimeout(ctx, time.Duration(rng.Int64N(int64(time.Millisecond))))
		if err := h.Put(putting, e); err == nil {
			o.Accept(e.ID)
		} else {
			o.Refuse(e.ID)
			refused++
		}
		stop()
	}
	flush(t, ctx, h)
	t.Logf("%d refused", refused)
	if refused == 0 {
		t.Error("void: no Put was cancelled")
	}
	f.verify(t, ctx, k, r, o, 0)
}
