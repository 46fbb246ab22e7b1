package integration

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/internal/faultproxy"
)

// within bounds a test, so that a broker that hangs fails it and not the whole run.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), d)
	t.Cleanup(stop)
	return ctx
}

func createTopic(t *testing.T, k *brokers.Kafka, topic brokers.Topic) string {
	t.Helper()
	if err := k.CreateTopic(within(t, time.Minute), topic); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		_ = k.DeleteTopic(ctx, topic.Name) // for a test that runs again
	})
	return topic.Name
}

// produce puts n events of the oracle on a topic with a plain client and notes what the broker acknowledged.
func produce(t *testing.T, ctx context.Context, addr, topic string, o *oracle.Oracle, n int) {
	t.Helper()
	transport := &kafka.Transport{MetadataTTL: 100 * time.Millisecond}
	defer transport.CloseIdleConnections()
	w := &kafka.Writer{
		Addr: kafka.TCP(strings.Split(addr, ",")...), Topic: topic, Balancer: &kafka.Hash{}, RequiredAcks: kafka.RequireAll,
		BatchTimeout: time.Millisecond, Transport: transport,
	}
	defer w.Close()
	var ms []kafka.Message
	var ids []string
	for range n {
		e := o.Mint("key")
		ms, ids = append(ms, kafka.Message{Key: []byte(e.Key), Value: e.Body}), append(ids, e.ID)
	}
	if err := w.WriteMessages(ctx, ms...); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		o.Accept(id)
	}
}

// verifyTopic reads the topic and fails the test unless everything accepted is there once and in order.
func verifyTopic(t *testing.T, ctx context.Context, addr, topic string, o *oracle.Oracle) {
	t.Helper()
	w := o.Witness("topic " + topic)
	if err := oracle.ReadTopic(ctx, addr, topic, func(m kafka.Message) { w.Observe(m.Value) }); err != nil {
		t.Fatal(err)
	}
	judge(t, w, 0)
}

func TestHarnessKafka(t *testing.T) {
	k := pool.Kafka(t)
	ctx, o := within(t, time.Minute), oracle.New("harness-kafka")
	topic := createTopic(t, k, brokers.Topic{Name: "harness", Partitions: 3})
	produce(t, ctx, k.Addr(), topic, o, 500)
	verifyTopic(t, ctx, k.Addr(), topic, o)
}

func TestHarnessKafkaKillAndRestart(t *testing.T) {
	k := pool.OwnKafka(t)
	ctx, o, node := within(t, 2*time.Minute), oracle.New("harness-kafka-kill"), k.Nodes[0]
	topic := createTopic(t, k, brokers.Topic{Name: "harness-kill"})
	produce(t, ctx, k.Addr(), topic, o, 100)
	node.Kill9()
	if _, err := kafka.DialContext(ctx, "tcp", node.Addr); err == nil {
		t.Error("the killed node takes connections")
	}
	if err := node.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	produce(t, ctx, k.Addr(), topic, o, 100)
	verifyTopic(t, ctx, k.Addr(), topic, o)
}

func TestHarnessKafkaStop(t *testing.T) {
	k := pool.OwnKafka(t)
	node := k.Nodes[0]
	list := func(d time.Duration) error {
		conn, err := kafka.DialContext(within(t, time.Minute), "tcp", node.Addr)
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(d)); err != nil {
			return err
		}
		_, err = conn.Brokers()
		return err
	}
	if err := node.Stop(); err != nil {
		t.Fatal(err)
	}
	frozen := list(300 * time.Millisecond)
	if err := node.Cont(); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(frozen, os.ErrDeadlineExceeded) {
		t.Errorf("while stopped: %v, want no answer", frozen)
	}
	if err := list(30 * time.Second); err != nil {
		t.Errorf("after it goes on: %v", err)
	}
}

func TestHarnessKafkaListeners(t *testing.T) {
	k := pool.OwnKafka(t)
	node := k.Nodes[0]
	scramMechanism := func(a scram.Algorithm, password string) sasl.Mechanism {
		m, err := scram.Mechanism(a, brokers.User, password)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	tests := []struct {
		name, addr string
		dialer     kafka.Dialer
		fails      bool
	}{
		{"SASL PLAIN", node.SASL, kafka.Dialer{SASLMechanism: plain.Mechanism{Username: brokers.User, Password: brokers.Password}}, false},
		{"SASL PLAIN, wrong password", node.SASL, kafka.Dialer{SASLMechanism: plain.Mechanism{Username: brokers.User, Password: "wrong"}}, true},
		{"SCRAM-SHA-256", node.SASL, kafka.Dialer{SASLMechanism: scramMechanism(scram.SHA256, brokers.Password)}, false},
		{"SCRAM-SHA-512", node.SASL, kafka.Dialer{SASLMechanism: scramMechanism(scram.SHA512, brokers.Password)}, false},
		{"SCRAM, wrong password", node.SASL, kafka.Dialer{SASLMechanism: scramMechanism(scram.SHA512, "wrong")}, true},
		{"TLS", node.SSL, kafka.Dialer{TLS: clientTLS(t, k.TLS, false)}, false},
		{"mutual TLS", node.MutualTLS, kafka.Dialer{TLS: clientTLS(t, k.TLS, true)}, false},
		{"mutual TLS without a certificate", node.MutualTLS, kafka.Dialer{TLS: clientTLS(t, k.TLS, false)}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := tt.dialer.DialContext(within(t, 20*time.Second), "tcp", tt.addr)
			if err == nil {
				defer conn.Close()
				_, err = conn.Brokers()
			}
			if (err != nil) != tt.fails {
				t.Errorf("error %v, want one: %v", err, tt.fails)
			}
		})
	}
}

func TestHarnessKafkaSetPassword(t *testing.T) {
	k := pool.OwnKafka(t)
	ctx := within(t, time.Minute)
	login := func(password string) error {
		m, err := scram.Mechanism(scram.SHA256, brokers.User, password)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := (&kafka.Dialer{SASLMechanism: m}).DialContext(ctx, "tcp", k.Nodes[0].SASL)
		if err == nil {
			err = conn.Close()
		}
		return err
	}
	if err := k.SetPassword(ctx, "another"); err != nil {
		t.Fatal(err)
	}
	if login("another") != nil || login(brokers.Password) == nil {
		t.Error("the new password does not count, or the old one still does")
	}
	if err := k.SetPassword(ctx, brokers.Password); err != nil {
		t.Fatal(err)
	}
	if err := login(brokers.Password); err != nil {
		t.Error(err)
	}
}

func TestHarnessKafkaProxyHoldsTheClient(t *testing.T) {
	k := pool.OwnKafka(t)
	ctx, o, node := within(t, time.Minute), oracle.New("harness-kafka-proxy"), k.Nodes[0]
	topic := createTopic(t, k, brokers.Topic{Name: "harness-proxy"})
	before := node.Proxy.Stats()
	produce(t, ctx, node.Proxied, topic, o, 100)
	verifyTopic(t, ctx, node.Proxied, topic, o)
	if after := node.Proxy.Stats(); after.Up-before.Up < 100*100 {
		t.Errorf("only %d bytes went up: the client went past the proxy", after.Up-before.Up)
	}
	if err := node.Proxy.Set(faultproxy.Faults{Refuse: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := kafka.DialContext(ctx, "tcp", node.Proxied); err == nil {
		t.Error("dial succeeds though the proxy refuses")
	}
	if err := node.Proxy.Set(faultproxy.Faults{}); err != nil {
		t.Fatal(err)
	}
}

// clientTLS trusts the test CA, and shows a certificate if asked to.
func clientTLS(t *testing.T, c brokers.Certificates, shown bool) *tls.Config {
	t.Helper()
	ca, err := os.ReadFile(c.CA)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}
	config.RootCAs.AppendCertsFromPEM(ca)
	if shown {
		cert, err := tls.LoadX509KeyPair(c.ClientCert, c.ClientKey)
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	return config
}
