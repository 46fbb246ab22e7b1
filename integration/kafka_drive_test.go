package integration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
)

// kafkaDial opens the provider against addrs without an engine.
func kafkaDial(t *testing.T, addrs, topic string, timeout time.Duration, edit func(*kafka.Config)) providers.Dial {
	t.Helper()
	conns, err := kafka.Provider().Configure(kafkaDecoder(func(c *kafka.Config) {
		c.Topics = providers.Strings{topic}
		c.Connection.BootstrapServers = strings.Split(addrs, ",")
		if edit != nil {
			edit(c)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	dial, err := conns[0].Open(providers.Env{Destination: t.Name(), Logger: slog.New(slog.DiscardHandler), Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return dial
}

type kafkaDecoder func(*kafka.Config)

func (d kafkaDecoder) Decode(into any) error {
	d(into.(*kafka.Config))
	return nil
}

// kafkaDriver does what the engine does: five flights in the air, and after a failure a new session and what failed
// first. It counts sessions, since only within one are there no duplicates.
type kafkaDriver struct {
	dial   providers.Dial
	oracle *oracle.Oracle
	batch  int

	mu       sync.Mutex
	sessions int
	settled  int
	errs     []error
	refused  []error
}

func newKafkaDriver(dial providers.Dial, o *oracle.Oracle) *kafkaDriver {
	return &kafkaDriver{dial: dial, oracle: o, batch: 100}
}

// kafkaMessages mints n events over some keys.
func kafkaMessages(o *oracle.Oracle, n int) []providers.Message {
	var ms []providers.Message
	for i := range n {
		e := o.Mint(fmt.Sprint("key", i%7))
		ms = append(ms, providers.Message{
			Seq: uint64(i), ID: e.ID, Key: e.Key, Profile: "events", ContentType: "application/json", Attempt: 1, Body: e.Body,
		})
	}
	return ms
}

// deliver returns when each message is delivered or refused for good.
func (d *kafkaDriver) deliver(ctx context.Context, ms []providers.Message) error {
	for len(ms) > 0 {
		s, err := d.dial(ctx)
		if err == nil {
			d.count(func() { d.sessions++ })
			ms, err = d.use(ctx, s, ms)
			if closing := s.Close(context.WithoutCancel(ctx)); closing != nil {
				return closing
			}
		}
		if err == nil {
			continue
		}
		d.count(func() { d.errs = append(d.errs, err) })
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d messages left: %w", len(ms), errors.Join(ctx.Err(), err))
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// use sends over one session and returns what is left.
func (d *kafkaDriver) use(ctx context.Context, s providers.Session, ms []providers.Message) (left []providers.Message, failure error) {
	type sent struct {
		ms     []providers.Message
		flight providers.Flight
	}
	flights := make(chan sent, 3) // one more is being awaited, one being sent
	broken, settled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(settled)
		for f := range flights {
			failed, err := d.settle(f.ms, f.flight.Wait(ctx))
			left = append(left, failed...)
			if err != nil && failure == nil {
				failure = err
				close(broken)
			}
		}
	}()
	for open := true; open && len(ms) > 0; {
		n := min(d.batch, len(ms))
		flights <- sent{ms[:n], s.Send(ctx, ms[:n])}
		ms = ms[n:]
		select {
		case <-broken:
			open = false
		default:
		}
	}
	close(flights)
	<-settled
	return append(left, ms...), failure
}

// settle tells the oracle, and returns the messages that have to be sent again.
func (d *kafkaDriver) settle(ms []providers.Message, err error) (failed []providers.Message, first error) {
	var batch *providers.BatchError
	each := errors.As(err, &batch)
	for i, m := range ms {
		outcome := err
		if each {
			outcome = batch.Errs[i]
		}
		switch {
		case outcome == nil:
			d.oracle.Accept(m.ID)
			d.count(func() { d.settled++ })
		case providers.IsPermanent(outcome):
			d.oracle.Refuse(m.ID)
			d.count(func() { d.settled++; d.refused = append(d.refused, outcome) })
		default:
			failed = append(failed, m)
			if first == nil {
				first = outcome
			}
		}
	}
	return failed, first
}

func (d *kafkaDriver) count(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

func (d *kafkaDriver) settledSoFar() (n int) {
	d.count(func() { n = d.settled })
	return n
}

// underKafkaLoad delivers n messages, and calls fault as soon as some of them have arrived. What fault returns ends it.
func underKafkaLoad(t *testing.T, ctx context.Context, d *kafkaDriver, n int, fault func()) {
	t.Helper()
	done := make(chan error, 1)
	ms := kafkaMessages(d.oracle, n)
	go func() { done <- d.deliver(ctx, ms) }()
	await(t, ctx, func() bool { return d.settledSoFar() > n/20 })
	fault()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d sessions; errors: %v", d.sessions, d.errs)
}
