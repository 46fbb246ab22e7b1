package integration

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

func TestHarnessKafkaTooFewReplicas(t *testing.T) {
	k := pool.Kafka3(t)
	ctx, o := within(t, 3*time.Minute), oracle.New("harness-kafka3")
	topic := createTopic(t, k, brokers.Topic{
		Name: "harness-replicas", Replicas: 3, Config: map[string]string{"min.insync.replicas": "2"},
	})
	produce(t, ctx, k.Addr(), topic, o, 50)

	first, others := k.Nodes[0], k.Nodes[1:]
	for _, n := range others {
		n.Kill9()
	}
	early, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	if err := produceUntilRefused(early, first.Addr, topic, o); !errors.Is(err, kafka.NotEnoughReplicas) {
		t.Errorf("with two nodes down: %v, want not enough replicas", err)
	}
	for _, n := range others {
		if err := n.Restart(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.AwaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	verifyTopic(t, ctx, k.Addr(), topic, o)
}

// produceUntilRefused writes single events until the broker refuses one, and returns that refusal.
func produceUntilRefused(ctx context.Context, addrs, topic string, o *oracle.Oracle) error {
	transport := &kafka.Transport{MetadataTTL: 100 * time.Millisecond}
	defer transport.CloseIdleConnections()
	w := &kafka.Writer{
		Addr: kafka.TCP(strings.Split(addrs, ",")...), Topic: topic, RequiredAcks: kafka.RequireAll,
		BatchTimeout: time.Millisecond, MaxAttempts: 1, Transport: transport,
	}
	defer w.Close()
	var last error
	for ctx.Err() == nil {
		e := o.Mint("refused") // what became of it is unknown if the answer is an error
		err := w.WriteMessages(ctx, kafka.Message{Value: e.Body})
		if each, ok := errors.AsType[kafka.WriteErrors](err); ok {
			err = each[0]
		}
		switch {
		case errors.Is(err, kafka.NotEnoughReplicas):
			return err
		case err == nil:
			o.Accept(e.ID)
		}
		last = err
	}
	return last
}
