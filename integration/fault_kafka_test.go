package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

// T40: the topic is deleted under load and created again. What was put after the deletion is all there, once and in order,
// and before the topic is back nothing counts as delivered.
func TestFaultKafkaTopicDeleted(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	ctx := within(t, form(time.Minute, 5*time.Minute))
	f := newFanOut(t, k, r, "fault-deleted")
	h := openHub(t, f.yaml())
	for range form(1, 10) {
		before, o := oracle.New("deleted-before"), oracle.New("deleted-after")
		put(t, ctx, h, before, 500)
		flush(t, ctx, h)
		if err := k.DeleteTopic(ctx, f.topic); err != nil {
			t.Fatal(err)
		}
		gone(t, ctx, k, f.topic)
		delivered := stats(t, h, kafkaName).Delivered
		put(t, ctx, h, o, 500)
		eventually(t, ctx, "the topic is missed", func() bool { return stats(t, h, kafkaName).Phase != "connected" })
		if n := stats(t, h, kafkaName).Delivered - delivered; n > 0 {
			t.Errorf("%d delivered to no topic", n)
		}
		if err := k.CreateTopic(ctx, brokers.Topic{Name: f.topic, Partitions: 3}); err != nil {
			t.Fatal(err)
		}
		put(t, ctx, h, o, 500)
		restored(t, ctx, h)
		judge(t, onTopic(t, ctx, k, f.topic, o), 0)
	}
}

// gone waits until no broker knows the topic.
func gone(t *testing.T, ctx context.Context, k *brokers.Kafka, topic string) {
	t.Helper()
	eventually(t, ctx, topic+" is deleted", func() bool {
		err := oracle.ReadTopic(ctx, k.Addr(), topic, func(kafka.Message) {})
		return err != nil && strings.Contains(err.Error(), kafka.UnknownTopicOrPartition.Title())
	})
}

// T40: a topic gets more partitions under load. As long as the session lasts no key moves to another; the next one uses
// them all. Nothing is lost or doubled.
func TestFaultKafkaPartitionsAdded(t *testing.T) {
	k := pool.Kafka(t)
	ctx, o := within(t, time.Minute), oracle.New("partitions")
	topic := createTopic(t, k, brokers.Topic{Name: "fault-partitions"})
	entry := func(batch int) string {
		return fmt.Sprintf(`{kafka: {"*": {name: log, topics: [%s], connection: {bootstrap_servers: %q}, delivery: {batch: %d}}}}`,
			topic, k.Addr(), batch)
	}
	h := openHub(t, entry(100))
	l := startLoad(t, h, o)
	l.settles(ctx, kafkaName)
	addPartitions(t, ctx, k, topic, 8)
	l.settles(ctx, kafkaName)
	if n := partitionsUsed(t, ctx, k, topic); n != 1 {
		t.Errorf("%d partitions within a session", n)
	}
	reload(t, ctx, h, entry(200))
	eventually(t, ctx, "the new partitions are used", func() bool { return partitionsUsed(t, ctx, k, topic) > 4 })
	l.end()
	restored(t, ctx, h)
	v := onTopic(t, ctx, k, topic, o).Verdict()
	v.Inversions = nil // between partitions, which are read one after the other
	figures(t, v)
	if err := v.Err(0); err != nil {
		t.Error(err)
	}
}

func addPartitions(t *testing.T, ctx context.Context, k *brokers.Kafka, topic string, n int32) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(strings.Split(k.Addr(), ",")...), Transport: transport}
	answer, err := client.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{
		Topics: []kafka.TopicPartitionsConfig{{Name: topic, Count: n}},
	})
	if err == nil {
		err = answer.Errors[topic]
	}
	if err != nil {
		t.Fatal(err)
	}
}

func partitionsUsed(t *testing.T, ctx context.Context, k *brokers.Kafka, topic string) int {
	t.Helper()
	used := map[int]bool{}
	if err := oracle.ReadTopic(ctx, k.Addr(), topic, func(m kafka.Message) { used[m.Partition] = true }); err != nil {
		t.Fatal(err)
	}
	return len(used)
}

// T48: the password is changed and the broker restarts under load, so that the old one is refused; the new one comes by a
// reload.
func TestFaultKafkaPasswordRevoked(t *testing.T) {
	k := pool.OwnKafka(t)
	ctx, o, node := within(t, 2*time.Minute), oracle.New("revoked"), k.Nodes[0]
	topic := createTopic(t, k, brokers.Topic{Name: "fault-revoked", Partitions: 3})
	entry := func(password string) string {
		return fmt.Sprintf(`{kafka: {"*": {name: log, topics: [%s], connection: {bootstrap_servers: %q, security_protocol: SASL_PLAINTEXT,
			sasl_mechanism: SCRAM-SHA-512, sasl_plain_username: %s, sasl_plain_password: %s},
			delivery: {timeout: 5s, batch: 50, window: 2, retry: {min: 20ms, max: 300ms}}}}}`, topic, node.SASL, brokers.User, password)
	}
	h := openHub(t, entry(brokers.Password))
	l := startLoad(t, h, o)
	l.settles(ctx, kafkaName)
	if err := k.SetPassword(ctx, canary); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.SetPassword(context.Background(), brokers.Password); err != nil {
			t.Error(err)
		}
	})
	node.Kill9()
	if err := node.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	eventually(t, ctx, "the old password is refused", func() bool {
		return strings.Contains(stats(t, h, kafkaName).LastError, "SASL_AUTHENTICATION_FAILED")
	})
	if text := stats(t, h, kafkaName).LastError; strings.Contains(text, brokers.Password) {
		t.Errorf("the error tells a secret: %s", text)
	}
	reload(t, ctx, h, entry(canary))
	l.settles(ctx, kafkaName)
	l.end()
	restored(t, ctx, h)
	judge(t, onTopic(t, ctx, k, topic, o), faultWindow)
}
