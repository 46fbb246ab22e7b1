package integration

import (
	"testing"
	"time"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

// TestKafkaTooFewReplicas: two of three nodes go away and come back while batches are pipelined. Nothing is
// delivered with too few copies, nothing twice or out of order.
func TestKafkaTooFewReplicas(t *testing.T) {
	k := pool.Kafka3(t)
	ctx, o := within(t, 4*time.Minute), oracle.New("kafka-replicas")
	topic := createTopic(t, k, brokers.Topic{
		Name: "kafka-replicas", Partitions: 3, Replicas: 3, Config: map[string]string{"min.insync.replicas": "2"},
	})
	d := newKafkaDriver(kafkaDial(t, k.Addr(), topic, 90*time.Second, nil), o)
	underKafkaLoad(t, ctx, d, 40_000, func() {
		others := k.Nodes[1:]
		for _, n := range others {
			n.Kill9()
		}
		pause(ctx, 6*time.Second)
		stuck := d.settledSoFar()
		pause(ctx, time.Second)
		if now := d.settledSoFar(); now != stuck {
			t.Errorf("%d deliveries with one copy", now-stuck)
		}
		for _, n := range others {
			if err := n.Restart(ctx); err != nil {
				t.Error(err)
			}
		}
	})
	if d.sessions != 1 {
		t.Errorf("%d sessions, want 1: %v", d.sessions, d.errs)
	}
	verifyTopic(t, ctx, k.Addr(), topic, o)
}

// TestKafkaLeadersMove: each node in turn is killed and started again.
func TestKafkaLeadersMove(t *testing.T) {
	k := pool.Kafka3(t)
	ctx, o := within(t, 4*time.Minute), oracle.New("kafka-leaders")
	topic := createTopic(t, k, brokers.Topic{
		Name: "kafka-leaders", Partitions: 6, Replicas: 3, Config: map[string]string{"min.insync.replicas": "2"},
	})
	d := newKafkaDriver(kafkaDial(t, k.Addr(), topic, 60*time.Second, nil), o)
	underKafkaLoad(t, ctx, d, 60_000, func() {
		for _, n := range k.Nodes[1:] {
			n.Kill9()
			before := d.settledSoFar()
			await(t, ctx, func() bool { return d.settledSoFar() > before+1000 || d.settledSoFar() == 60_000 })
			if err := n.Restart(ctx); err != nil {
				t.Error(err)
			}
			if err := k.AwaitReady(ctx); err != nil {
				t.Error(err)
			}
		}
	})
	if d.sessions != 1 {
		t.Errorf("%d sessions, want 1: %v", d.sessions, d.errs)
	}
	verifyTopic(t, ctx, k.Addr(), topic, o)
}
