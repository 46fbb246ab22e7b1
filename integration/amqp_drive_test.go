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

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/amqp"
)

// amqpWindow is how many messages a session may have in flight: the bound of duplicates for one fault.
const amqpWindow = 2000

// amqpDial opens the provider against addr without an engine.
func amqpDial(t *testing.T, addr string, timeout time.Duration, edit func(*amqp.Config)) providers.Dial {
	t.Helper()
	conns, err := amqp.Provider().Configure(amqpDecoder(func(c *amqp.Config) {
		c.Connection.URL = providers.NewSecret(fmt.Sprintf("amqp://%s:%s@%s/", brokers.User, brokers.Password, addr))
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

type amqpDecoder func(*amqp.Config)

func (d amqpDecoder) Decode(into any) error {
	d(into.(*amqp.Config))
	return nil
}

// amqpDriver does what the engine does: several flights in the air, in order; after a failure a new session and what
// failed first.
type amqpDriver struct {
	dial providers.Dial
	// batch is the number of messages of a flight.
	batch int

	mu    sync.Mutex
	dials int
	done  int              // delivered or refused
	dead  map[string]error // permanent refusals by ID
	last  error
}

func newAMQPDriver(dial providers.Dial) *amqpDriver {
	return &amqpDriver{dial: dial, batch: 250, dead: map[string]error{}}
}

// deliver returns when every message is delivered or refused for good, or when ctx ends.
func (d *amqpDriver) deliver(ctx context.Context, ms []providers.Message) error {
	for len(ms) > 0 {
		s, err := d.dial(ctx)
		d.note(func() { d.dials++ })
		if err == nil {
			ms, err = d.use(ctx, s, ms)
			closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			start := time.Now()
			_ = s.Close(closing)
			cancel()
			if took := time.Since(start); took > 4*time.Second {
				return fmt.Errorf("Close took %v", took)
			}
		}
		if err == nil {
			continue
		}
		d.note(func() { d.last = err })
		select {
		case <-time.After(max(100*time.Millisecond, providers.RetryDelay(err))):
		case <-ctx.Done():
			return fmt.Errorf("%d messages left: %w", len(ms), errors.Join(ctx.Err(), err))
		}
	}
	return nil
}

// use sends ms over one session and returns what is left of them.
func (d *amqpDriver) use(ctx context.Context, s providers.Session, ms []providers.Message) (left []providers.Message, failure error) {
	type sent struct {
		ms     []providers.Message
		flight providers.Flight
	}
	flights := make(chan sent, amqpWindow/d.batch-2) // one more is being awaited, one being sent
	broken := make(chan struct{})
	settled := make(chan struct{})
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
	unsent := ms
send:
	for len(unsent) > 0 {
		select {
		case <-broken:
			break send
		default:
		}
		n := min(d.batch, len(unsent))
		flights <- sent{unsent[:n], s.Send(ctx, unsent[:n])}
		unsent = unsent[n:]
	}
	close(flights)
	<-settled
	return append(left, unsent...), failure
}

// settle returns the messages that have to be sent again, and why.
func (d *amqpDriver) settle(ms []providers.Message, err error) (failed []providers.Message, first error) {
	var batch *providers.BatchError
	each := errors.As(err, &batch)
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, m := range ms {
		outcome := err
		if each {
			outcome = batch.Errs[i]
		}
		switch {
		case outcome == nil:
			d.done++
		case providers.IsPermanent(outcome):
			d.dead[m.ID] = outcome
			d.done++
		default:
			failed = append(failed, m)
			if first == nil {
				first = outcome
			}
		}
	}
	return failed, first
}

func (d *amqpDriver) note(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

func (d *amqpDriver) settledSoFar() (n int) {
	d.note(func() { n = d.done })
	return n
}

// amqpMessages mints n events of one key and accepts them.
func amqpMessages(o *oracle.Oracle, profile string, from, n int) []providers.Message {
	ms := make([]providers.Message, n)
	for i := range ms {
		e := o.Mint(strings.ReplaceAll(profile, "/", "-"))
		o.Accept(e.ID)
		ms[i] = providers.Message{
			Seq: uint64(from + i), ID: e.ID, Profile: profile, ContentType: "application/json", Attempt: 1,
			Time: time.Now(), Body: e.Body,
			Attrs: []providers.Attr{{Name: "specversion", Value: "1.0"}, {Name: "id", Value: e.ID}, {Name: "type", Value: profile}},
		}
	}
	return ms
}
