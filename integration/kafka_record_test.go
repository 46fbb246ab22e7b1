package integration

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
)

// TestKafkaCompression: the broker, which checks each batch, takes what each codec makes.
func TestKafkaCompression(t *testing.T) {
	k := pool.Kafka(t)
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		t.Run(codec, func(t *testing.T) {
			ctx, o := within(t, time.Minute), oracle.New("kafka-"+codec)
			topic := createTopic(t, k, brokers.Topic{Name: "kafka-codec-" + codec, Partitions: 3})
			d := newKafkaDriver(kafkaDial(t, k.Addr(), topic, 20*time.Second, func(c *kafka.Config) {
				c.Connection.CompressionType = codec
			}), o)
			if err := d.deliver(ctx, kafkaMessages(o, 3_000)); err != nil {
				t.Fatal(err)
			}
			verifyTopic(t, ctx, k.Addr(), topic, o)
		})
	}
}

// TestKafkaRefusedRecords: the broker finds some records of pipelined batches wrong. They alone are refused, and the
// others are there once and in order, in the same session.
func TestKafkaRefusedRecords(t *testing.T) {
	k := pool.Kafka(t)
	for name, test := range map[string]struct {
		config map[string]string
		spoil  func(*providers.Message)
		text   string
	}{
		"too large": {
			map[string]string{"max.message.bytes": "20000"},
			func(m *providers.Message) {
				m.Body = append(bytes.TrimSuffix(m.Body, []byte("}")), `,"more":"`+strings.Repeat("x", 30_000)+`"}`...)
			}, "MESSAGE_TOO_LARGE",
		},
		"no key in a compacted topic": {
			map[string]string{"cleanup.policy": "compact"}, func(m *providers.Message) { m.Key = "" }, "INVALID_RECORD",
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, o := within(t, time.Minute), oracle.New("kafka-refused")
			topic := createTopic(t, k, brokers.Topic{Name: "kafka-refused-" + strings.ReplaceAll(name, " ", "-"), Config: test.config})
			d := newKafkaDriver(kafkaDial(t, k.Addr(), topic, 20*time.Second, nil), o)
			ms := kafkaMessages(o, 3_000)
			for i := 57; i < len(ms); i += 300 {
				test.spoil(&ms[i])
			}
			if err := d.deliver(ctx, ms); err != nil {
				t.Fatal(err)
			}
			if len(d.refused) != 10 || !strings.Contains(d.refused[0].Error(), test.text) {
				t.Errorf("%d refused: %v", len(d.refused), d.refused)
			}
			if d.sessions != 1 {
				t.Errorf("%d sessions, want 1: %v", d.sessions, d.errs)
			}
			verifyTopic(t, ctx, k.Addr(), topic, o)
		})
	}
}

// TestKafkaLargeBatches: flights of several megabytes are cut to what one request may hold.
func TestKafkaLargeBatches(t *testing.T) {
	k := pool.Kafka(t)
	ctx, o := within(t, time.Minute), oracle.New("kafka-large")
	topic := createTopic(t, k, brokers.Topic{Name: "kafka-large", Partitions: 2})
	d := newKafkaDriver(kafkaDial(t, k.Addr(), topic, 20*time.Second, nil), o)
	var ms []providers.Message
	for i := range 300 {
		e := o.MintSize("key", 50_000+i)
		ms = append(ms, providers.Message{Seq: uint64(i), ID: e.ID, Key: e.Key, Body: e.Body})
	}
	if err := d.deliver(ctx, ms); err != nil {
		t.Fatal(err)
	}
	verifyTopic(t, ctx, k.Addr(), topic, o)
}
