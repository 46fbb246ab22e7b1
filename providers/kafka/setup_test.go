package kafka_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/evhub/evhub/providers/kafka/internal/brokertest"
)

// decoder stands in for an acct entry.
type decoder func(*kafka.Config)

func (d decoder) Decode(into any) error {
	d(into.(*kafka.Config))
	return nil
}

// configured returns the connections of an entry.
func configured(t testing.TB, set func(*kafka.Config)) []providers.Connection {
	t.Helper()
	conns, err := kafka.Provider().Configure(decoder(set))
	if err != nil {
		t.Fatal(err)
	}
	return conns
}

func environment(timeout time.Duration) providers.Env {
	return providers.Env{
		Destination: "test", Logger: slog.New(slog.DiscardHandler), Order: providers.OrderKey, Timeout: timeout,
	}
}

// dialer opens the provider for a topic of a cluster, with short pauses.
func dialer(t testing.TB, c *brokertest.Cluster, set func(*kafka.Config)) providers.Dial {
	t.Helper()
	return dialerWithin(t, c, 2*time.Second, set)
}

func dialerWithin(t testing.TB, c *brokertest.Cluster, timeout time.Duration, set func(*kafka.Config)) providers.Dial {
	t.Helper()
	conns := configured(t, func(config *kafka.Config) {
		config.Topics = providers.Strings{"events"}
		config.Connection.BootstrapServers = c.Addresses()
		config.Connection.RetryBackoffMS = 5
		if set != nil {
			set(config)
		}
	})
	dial, err := conns[0].Open(environment(timeout))
	if err != nil {
		t.Fatal(err)
	}
	return dial
}

// session dials, and closes with the test.
func session(t testing.TB, dial providers.Dial) providers.Session {
	t.Helper()
	s, err := dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeSession(t, s) })
	return s
}

func closeSession(t testing.TB, s providers.Session) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// numbered returns messages first to last, with their numbers as bodies and in one ordering key.
func numbered(first, last int) []providers.Message {
	var ms []providers.Message
	for i := first; i <= last; i++ {
		ms = append(ms, providers.Message{
			Seq: uint64(i), ID: fmt.Sprintf("id-%d", i), Profile: "events", RunName: "run", ContentType: "application/json",
			Time: time.Unix(1700000000, 0), Attempt: 1, Body: fmt.Appendf(nil, "%d", i),
		})
	}
	return ms
}

// values returns what numbered's bodies are in a log.
func values(first, last int) []string {
	var vs []string
	for i := first; i <= last; i++ {
		vs = append(vs, fmt.Sprint(i))
	}
	return vs
}

// wait waits for a flight, for as long as a test may take.
func wait(f providers.Flight) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return f.Wait(ctx)
}

func deliver(t testing.TB, s providers.Session, ms []providers.Message) {
	t.Helper()
	if err := wait(s.Send(context.Background(), ms)); err != nil {
		t.Fatalf("Send: %v", err)
	}
}

// eventually polls until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%s: did not come to pass", what)
		}
	}
}
