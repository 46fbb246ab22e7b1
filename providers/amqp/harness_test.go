package amqp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/amqp"
	"github.com/evhub/evhub/providers/amqp/internal/amqptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// decoder stands for the acct file: it edits the defaults.
type decoder func(*amqp.Config)

func (d decoder) Decode(into any) error {
	d(into.(*amqp.Config))
	return nil
}

func connection(t *testing.T, edit func(*amqp.Config)) providers.Connection {
	t.Helper()
	conns, err := amqp.Provider().Configure(decoder(edit))
	if err != nil || len(conns) != 1 {
		t.Fatalf("Configure: %d connections, %v", len(conns), err)
	}
	return conns[0]
}

// environment has a timeout that is long for a loopback connection and short for a test.
func environment(timeout time.Duration) providers.Env {
	return providers.Env{Destination: "test", Logger: slog.New(slog.DiscardHandler), Order: providers.OrderKey, Timeout: timeout}
}

func dialFunc(t *testing.T, b *amqptest.Broker, timeout time.Duration, edit func(*amqp.Config)) providers.Dial {
	t.Helper()
	dial, err := connection(t, func(c *amqp.Config) {
		c.Connection.Host, c.Connection.Port = "127.0.0.1", b.Port()
		if edit != nil {
			edit(c)
		}
	}).Open(environment(timeout))
	if err != nil {
		t.Fatal(err)
	}
	return dial
}

// fixedKey leaves queues out of the test.
func fixedKey(c *amqp.Config) {
	key := "q"
	c.RoutingKey = &key
}

func session(t *testing.T, dial providers.Dial) providers.Session {
	t.Helper()
	s, err := dial(t.Context())
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

func message(n int) providers.Message {
	id := fmt.Sprintf("id-%d", n)
	return providers.Message{
		Seq: uint64(n), ID: id, Profile: "orders", ContentType: "application/json", Attempt: 1,
		Time: time.Unix(1_700_000_000, 0), Body: fmt.Appendf(nil, `{"n":%d}`, n),
		Attrs: []providers.Attr{{Name: "specversion", Value: "1.0"}, {Name: "id", Value: id}, {Name: "type", Value: "orders"}},
	}
}

func messages(from, to int) []providers.Message {
	var ms []providers.Message
	for n := from; n <= to; n++ {
		ms = append(ms, message(n))
	}
	return ms
}

// outcomes sends ms as one flight and returns the outcome of each.
func outcomes(t *testing.T, s providers.Session, ms []providers.Message) []error {
	t.Helper()
	return waitFor(t, s.Send(t.Context(), ms), len(ms))
}

func waitFor(t *testing.T, f providers.Flight, n int) []error {
	t.Helper()
	err := f.Wait(t.Context())
	errs := make([]error, n)
	if batch, ok := errors.AsType[*providers.BatchError](err); ok {
		if len(batch.Errs) != n {
			t.Fatalf("%d outcomes of %d messages", len(batch.Errs), n)
		}
		return batch.Errs
	}
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// verdicts spells outcomes: d delivered, p permanent, u unsent, r retryable with a delay, ? unknown.
func verdicts(errs []error) string {
	var all []byte
	for _, err := range errs {
		switch {
		case err == nil:
			all = append(all, 'd')
		case providers.IsPermanent(err):
			all = append(all, 'p')
		case providers.IsUnsent(err):
			all = append(all, 'u')
		case providers.RetryDelay(err) > 0:
			all = append(all, 'r')
		default:
			all = append(all, '?')
		}
	}
	return string(all)
}

func wantVerdicts(t *testing.T, errs []error, want string) {
	t.Helper()
	if got := verdicts(errs); got != want {
		t.Errorf("outcomes %s, want %s; %v", got, want, errs)
	}
}

// eventually polls until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 5 s: %s", what)
		}
	}
}

// storedIDs returns the IDs of what the broker has, in order.
func storedIDs(b *amqptest.Broker) []string {
	var ids []string
	for _, m := range b.Stored() {
		ids = append(ids, m.ID)
	}
	return ids
}
