package integration

import (
	"context"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/internal/faultproxy"
)

// TestKafkaCutAtRandom ends connections at random bytes of either direction while batches are pipelined. Within one
// session nothing is lost, doubled or out of order.
func TestKafkaCutAtRandom(t *testing.T) {
	k := pool.OwnKafka(t)
	ctx, o, node := within(t, 4*time.Minute), oracle.New("kafka-cut"), k.Nodes[0]
	topic := createTopic(t, k, brokers.Topic{Name: "kafka-cut", Partitions: 3})
	d := newKafkaDriver(kafkaDial(t, node.Proxied, topic, 20*time.Second, nil), o)
	t.Cleanup(func() { set(t, node.Proxy, faultproxy.Faults{}) })
	cuts, random := max(20, rounds(200)), random(t, 0)
	n, made := cuts*2000, func() int { return node.Proxy.Stats().Cuts }
	first := made()
	underKafkaLoad(t, ctx, d, n, func() {
		for round := 1; round <= cuts; round++ {
			faults := faultproxy.Faults{Reset: round%3 == 0, Times: 1}
			if round%2 == 0 {
				faults.CutUp = 1 + random.Int64N(60_000)
			} else {
				faults.CutDown = 1 + random.Int64N(600) // some answers
			}
			set(t, node.Proxy, faults)
			await(t, ctx, func() bool { return made() >= first+round || d.settledSoFar() == n })
			// So that not each of its connections ends before it has done anything.
			before := d.settledSoFar()
			await(t, ctx, func() bool { return d.settledSoFar() > before || before == n })
		}
	})
	if got := made() - first; got < cuts {
		t.Errorf("%d cuts, want %d", got, cuts)
	}
	if d.sessions != 1 {
		t.Errorf("%d sessions, want 1: %v", d.sessions, d.errs)
	}
	verifyTopic(t, ctx, k.Addr(), topic, o)
}

// TestKafkaLostAnswers: the broker stores and its answers are dropped; the batches are sent again over a new
// connection, and are there once.
func TestKafkaLostAnswers(t *testing.T) {
	k := pool.OwnKafka(t)
	ctx, o, node := within(t, time.Minute), oracle.New("kafka-answers"), k.Nodes[0]
	topic := createTopic(t, k, brokers.Topic{Name: "kafka-answers"})
	d := newKafkaDriver(kafkaDial(t, node.Proxied, topic, 6*time.Second, nil), o)
	t.Cleanup(func() { set(t, node.Proxy, faultproxy.Faults{}) })
	underKafkaLoad(t, ctx, d, 20_000, func() {
		for range rounds(10) {
			set(t, node.Proxy, faultproxy.Faults{DropAnswers: true})
			pause(ctx, 100*time.Millisecond)
			set(t, node.Proxy, faultproxy.Faults{})
			before := d.settledSoFar()
			await(t, ctx, func() bool { return d.settledSoFar() > before || d.settledSoFar() == 20_000 })
		}
	})
	if d.sessions != 1 {
		t.Errorf("%d sessions, want 1: %v", d.sessions, d.errs)
	}
	verifyTopic(t, ctx, k.Addr(), topic, o)
}

// TestKafkaKill9UnderLoad: after a restart the broker recognises only the newest batch of those in the air.
func TestKafkaKill9UnderLoad(t *testing.T) {
	k := pool.OwnKafka(t)
	ctx, o, node := within(t, 5*time.Minute), oracle.New("kafka-kill"), k.Nodes[0]
	topic := createTopic(t, k, brokers.Topic{Name: "kafka-kill", Partitions: 2})
	for range rounds(9) {
		d := newKafkaDriver(kafkaDial(t, k.Addr(), topic, 40*time.Second, nil), o)
		underKafkaLoad(t, ctx, d, 20_000, func() {
			node.Kill9()
			if err := node.Restart(ctx); err != nil {
				t.Error(err)
			}
		})
		if d.sessions != 1 {
			t.Errorf("%d sessions, want 1: %v", d.sessions, d.errs)
		}
	}
	verifyTopic(t, ctx, k.Addr(), topic, o)
}

// TestKafkaStop: a broker that stands still is noticed by the timeout. What it has by then is told apart as long as
// it wakes up in time, and may be there twice otherwise, at most the window.
func TestKafkaStop(t *testing.T) {
	k := pool.OwnKafka(t)
	node := k.Nodes[0]
	for name, test := range map[string]struct {
		stop       time.Duration
		duplicates int
	}{
		"settled in time": {1500 * time.Millisecond, 0},
		"for longer":      {6 * time.Second, 5 * 100},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, o := within(t, time.Minute), oracle.New("kafka-stop")
			topic := createTopic(t, k, brokers.Topic{Name: "kafka-stop-" + test.stop.String()})
			d := newKafkaDriver(kafkaDial(t, k.Addr(), topic, 2*time.Second, nil), o)
			underKafkaLoad(t, ctx, d, 20_000, func() {
				if err := node.Stop(); err != nil {
					t.Error(err)
				}
				pause(ctx, test.stop)
				if err := node.Cont(); err != nil {
					t.Error(err)
				}
			})
			verifyKafka(t, ctx, k, topic, o, test.duplicates)
		})
	}
}

// TestKafkaSlowNetwork: bytes in drips and late answers are no reason to give up.
func TestKafkaSlowNetwork(t *testing.T) {
	k := pool.OwnKafka(t)
	ctx, o, node := within(t, time.Minute), oracle.New("kafka-slow"), k.Nodes[0]
	topic := createTopic(t, k, brokers.Topic{Name: "kafka-slow"})
	set(t, node.Proxy, faultproxy.Faults{Latency: 100 * time.Millisecond, Jitter: 50 * time.Millisecond, Chunk: 1, BytesPerSecond: 200_000})
	t.Cleanup(func() { set(t, node.Proxy, faultproxy.Faults{}) })
	d := newKafkaDriver(kafkaDial(t, node.Proxied, topic, 20*time.Second, nil), o)
	if err := d.deliver(ctx, kafkaMessages(o, 50)); err != nil {
		t.Fatal(err)
	}
	if d.sessions != 1 {
		t.Errorf("%d sessions, want 1: %v", d.sessions, d.errs)
	}
	verifyTopic(t, ctx, k.Addr(), topic, o)
}

// verifyKafka is verifyTopic with some duplicates allowed.
func verifyKafka(t *testing.T, ctx context.Context, k *brokers.Kafka, topic string, o *oracle.Oracle, duplicates int) {
	t.Helper()
	judge(t, onTopic(t, ctx, k, topic, o), duplicates)
}
