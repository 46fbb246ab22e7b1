package integration

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/internal/faultproxy"
)

// proxied leads both destinations of f through a proxy, and returns the proxies by destination.
func (f *fanOut) proxied(t *testing.T, k *brokers.Kafka, r *brokers.RabbitMQ) map[string]*faultproxy.Proxy {
	t.Helper()
	p, err := faultproxy.New(r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	node := k.Nodes[0]
	t.Cleanup(func() {
		_ = p.Close()
		if err := node.Proxy.Set(faultproxy.Faults{}); err != nil { // others use it too
			t.Error(err)
		}
	})
	f.kafka, f.url = node.Proxied, r.URLVia(p.Addr())
	return map[string]*faultproxy.Proxy{kafkaName: node.Proxy, amqpName: p}
}

func set(t *testing.T, p *faultproxy.Proxy, faults faultproxy.Faults) {
	t.Helper()
	if err := p.Set(faults); err != nil {
		t.Fatal(err)
	}
}

// behind are both destinations, each with a network fault.
func behind(proxies map[string]*faultproxy.Proxy, faults faultproxy.Faults) (vs []victim) {
	for _, v := range []victim{{name: kafkaName, other: amqpName}, {name: amqpName, other: kafkaName}} {
		v.begin = func() error { return proxies[v.name].Set(faults) }
		v.end = func(context.Context) error { return proxies[v.name].Set(faultproxy.Faults{}) }
		vs = append(vs, v)
	}
	return vs
}

func TestHubNetworkFaultOfOneDestination(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	lasts := 1500 * time.Millisecond
	if brokers.Full() {
		lasts = time.Minute
	}
	for _, test := range []struct {
		name       string
		faults     faultproxy.Faults
		duplicates int
	}{
		{"blackhole", faultproxy.Faults{Blackhole: true}, 4 * faultWindow}, // a session may be caught in its first window
		{"refused", faultproxy.Faults{Refuse: true}, faultWindow},
		{"slow", faultproxy.Faults{Latency: 50 * time.Millisecond, Jitter: 50 * time.Millisecond}, 0},
		{"answers lost", faultproxy.Faults{DropAnswers: true}, 4 * faultWindow},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, name := within(t, 2*time.Minute*time.Duration(rounds(10))), fmt.Sprintf("hub-net-%.4s", test.name)
			o := oracle.New(name)
			f := newFanOut(t, k, r, name)
			f.delivery = "batch: 50, window: 2, timeout: 1s, retry: {min: 20ms, max: 200ms}"
			proxies := f.proxied(t, k, r)
			h := openHub(t, f.yaml())
			underFaults(t, ctx, h, o, behind(proxies, test.faults), rounds(5), lasts)
			f.verify(t, ctx, k, r, o, test.duplicates*rounds(5))
		})
	}
}

// A destination that is away fills its backlog; only then does Put wait, and says for whom.
func TestHubFullBacklogBlocks(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	for _, name := range []string{kafkaName, amqpName} {
		t.Run(name, func(t *testing.T) {
			ctx, o := within(t, time.Minute), oracle.New("hub-full")
			f := newFanOut(t, k, r, fmt.Sprintf("hub-full-%.4s", name))
			f.own = map[string]string{name: "backlog: 64KiB"}
			proxy := f.proxied(t, k, r)[name]
			set(t, proxy, faultproxy.Faults{Refuse: true})
			h := openHub(t, f.yaml())
			accepted := fillUp(t, h, o, name)
			waiting := make(chan error, 1)
			late := minted(o, "late", 100)
			go func() { waiting <- h.Put(ctx, late) }()
			set(t, proxy, faultproxy.Faults{})
			if err := <-waiting; err != nil {
				t.Errorf("a Put that waited until there was room: %v", err)
			}
			o.Accept(late.ID)
			flush(t, ctx, h)
			t.Logf("%d accepted before the backlog was full", accepted)
			f.verify(t, ctx, k, r, o, 0)
		})
	}
}

// fillUp puts until the destination has no room, and checks what the puts then say.
func fillUp(t *testing.T, h *hub.Hub, o *oracle.Oracle, name string) (accepted int) {
	t.Helper()
	for i := range 10_000 {
		e := minted(o, fmt.Sprint("key", i%7), 100)
		err := h.PutNowait(e)
		if err == nil {
			o.Accept(e.ID)
			accepted++
			continue
		}
		o.Refuse(e.ID)
		wantFull(t, err, name)
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer stop()
		e = minted(o, "refused", 100)
		err = h.Put(ctx, e)
		o.Refuse(e.ID)
		wantFull(t, err, name)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Put: %v, want the context's error too", err)
		}
		return accepted
	}
	t.Fatalf("the backlog takes everything: %s", describe(h))
	return accepted
}

func wantFull(t *testing.T, err error, name string) {
	t.Helper()
	full, ok := errors.AsType[*hub.FullError](err)
	if !ok || full.Destination != name || !errors.Is(err, hub.ErrQueueFull) {
		t.Errorf("%v, want that %s is full", err, name)
	}
}

// With a policy that drops, a destination that is away costs its own events alone, and each is counted.
func TestHubFullBacklogDrops(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	const n = 3000
	for _, policy := range []string{"drop_oldest", "drop_newest"} {
		t.Run(policy, func(t *testing.T) {
			ctx, o := within(t, time.Minute), oracle.New("hub-"+policy)
			f := newFanOut(t, k, r, "hub-"+policy)
			f.own = map[string]string{kafkaName: "backlog: 64KiB, on_full: " + policy}
			proxy := f.proxied(t, k, r)[kafkaName]
			set(t, proxy, faultproxy.Faults{Refuse: true})
			h := openHub(t, f.yaml())
			put(t, ctx, h, o, n)
			set(t, proxy, faultproxy.Faults{})
			flush(t, ctx, h)
			if err := onQueue(t, ctx, r, f.queue, o).Verdict().Err(0); err != nil {
				t.Error(err)
			}
			s, v := stats(t, h, kafkaName), onTopic(t, ctx, k, f.topic, o).Verdict()
			if s.Dropped == 0 || int64(len(v.Missing)) != s.Dropped || s.Delivered+s.Dropped != n {
				t.Errorf("%d missing: %s", len(v.Missing), describe(h))
			}
			v.Missing = nil
			if err := v.Err(0); err != nil {
				t.Error(err)
			}
		})
	}
}
