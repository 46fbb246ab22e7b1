package integration

import (
	"testing"
	"time"

	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/internal/faultproxy"
)

// amqpThroughProxy delivers n events through a proxy with these faults, which change may change under load, and checks
// what has come.
func amqpThroughProxy(t *testing.T, name string, n, duplicates int, timeout time.Duration, faults faultproxy.Faults, change func(*faultproxy.Proxy)) *amqpDriver {
	t.Helper()
	r := pool.RabbitMQ(t)
	ctx, o := within(t, form(2*time.Minute, 15*time.Minute)), oracle.New(name)
	queue := declareQueue(t, r, name, nil)
	proxy, err := faultproxy.New(r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	if err := proxy.Set(faults); err != nil {
		t.Fatal(err)
	}
	d := newAMQPDriver(amqpDial(t, proxy.Addr(), timeout, atKey(queue)))
	done := make(chan error, 1)
	ms := amqpMessages(o, "net", 1, n)
	go func() { done <- d.deliver(ctx, ms) }()
	if change != nil {
		await(t, ctx, func() bool { return d.settledSoFar() > n/20 })
		change(proxy)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d sessions", d.dials)
	verifyAMQP(t, ctx, r, o, duplicates, queue)
	return d
}

// Connections end at any byte of handshake, messages and answers.
func TestAMQPCutAtRandom(t *testing.T) {
	cuts := form(20, 500)
	for _, reset := range []bool{false, true} {
		d := amqpThroughProxy(t, "amqp-cut", 200*cuts, cuts*amqpWindow, 2*time.Second,
			faultproxy.Faults{CutWithin: 60_000, CutUp: 50_000, Seed: seed(t), Reset: reset, Times: cuts}, nil)
		if d.dials < cuts/2 {
			t.Errorf("%d sessions", d.dials)
		}
	}
}

func TestAMQPLostAnswers(t *testing.T) {
	d := amqpThroughProxy(t, "amqp-answers", 20_000, amqpWindow, time.Second, faultproxy.Faults{},
		func(p *faultproxy.Proxy) {
			if err := p.Set(faultproxy.Faults{DropAnswers: true}); err != nil {
				t.Error(err)
			}
			pause(t.Context(), 1500*time.Millisecond)
			if err := p.Set(faultproxy.Faults{}); err != nil {
				t.Error(err)
			}
		})
	if d.dials < 2 {
		t.Error("the lost answers were not noticed")
	}
}

// A slow network is no failure: nothing is sent twice.
func TestAMQPSlowNetwork(t *testing.T) {
	d := amqpThroughProxy(t, "amqp-slow", 300, 0, time.Second,
		faultproxy.Faults{Latency: 50 * time.Millisecond, Jitter: 50 * time.Millisecond, BytesPerSecond: 40_000, Chunk: 100}, nil)
	if d.dials != 1 {
		t.Errorf("%d sessions; the last failure: %v", d.dials, d.last)
	}
}

func TestAMQPBlackhole(t *testing.T) {
	d := amqpThroughProxy(t, "amqp-blackhole", 20_000, amqpWindow, time.Second, faultproxy.Faults{},
		func(p *faultproxy.Proxy) {
			if err := p.Set(faultproxy.Faults{Blackhole: true}); err != nil {
				t.Error(err)
			}
			pause(t.Context(), 2500*time.Millisecond)
			if err := p.Set(faultproxy.Faults{}); err != nil {
				t.Error(err)
			}
		})
	if d.dials < 2 {
		t.Error("the blackhole was not noticed")
	}
}
