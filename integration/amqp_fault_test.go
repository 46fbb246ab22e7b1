package integration

import (
	"context"
	"testing"
	"time"

	rabbit "github.com/rabbitmq/amqp091-go"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/amqp"
)

// underLoad delivers n events to a queue while fault happens, and returns the driver when all are delivered.
func underLoad(t *testing.T, ctx context.Context, dial providers.Dial, o *oracle.Oracle, n int, fault func()) *amqpDriver {
	t.Helper()
	d := newAMQPDriver(dial)
	done := make(chan error, 1)
	ms := amqpMessages(o, "load", 1, n)
	go func() { done <- d.deliver(ctx, ms) }()
	await(t, ctx, func() bool { return d.settledSoFar() > n/20 })
	fault()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(d.dead) > 0 {
		t.Errorf("%d dead letters", len(d.dead))
	}
	t.Logf("%d sessions", d.dials)
	return d
}

func TestAMQPKill9UnderLoad(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx, o := within(t, form(2*time.Minute, 15*time.Minute)), oracle.New("amqp-kill9")
	queue := declareQueue(t, r, "amqp-kill9", nil)
	dial := amqpDial(t, r.Addr(), 10*time.Second, atKey(queue))
	kills := form(1, 5)
	for range kills {
		underLoad(t, ctx, dial, o, 30_000, func() {
			r.Kill9()
			if err := r.Restart(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	verifyAMQP(t, ctx, r, o, kills*amqpWindow, queue)
}

func TestAMQPStopForLongerThanTheTimeout(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx, o := within(t, 2*time.Minute), oracle.New("amqp-stop")
	queue := declareQueue(t, r, "amqp-stop", nil)
	dial := amqpDial(t, r.Addr(), 500*time.Millisecond, atKey(queue))
	const stopped = 2 * time.Second
	d := underLoad(t, ctx, dial, o, 30_000, func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		pause(ctx, stopped)
		if err := r.Cont(); err != nil {
			t.Error(err)
		}
	})
	if d.dials < 2 {
		t.Error("the stopped broker was not noticed")
	}
	verifyAMQP(t, ctx, r, o, amqpWindow, queue)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// The alarm lasts longer than the timeout: nothing fails because of it, so nothing is sent twice.
func TestAMQPAlarm(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("amqp-alarm")
	queue := declareQueue(t, r, "amqp-alarm", nil)
	dial := amqpDial(t, r.Addr(), 700*time.Millisecond, atKey(queue))
	d := underLoad(t, ctx, dial, o, 30_000, func() { alarm(t, ctx, r, 2*time.Second) })
	if d.dials != 1 {
		t.Errorf("%d sessions; the last failure: %v", d.dials, d.last)
	}
	verifyAMQP(t, ctx, r, o, 0, queue)
}

func alarm(t *testing.T, ctx context.Context, r *brokers.RabbitMQ, d time.Duration) {
	t.Helper()
	if err := r.SetAlarm(ctx, true); err != nil {
		t.Error(err)
	}
	pause(ctx, d)
	if err := r.SetAlarm(ctx, false); err != nil {
		t.Error(err)
	}
}

// Sessions that an impatient engine ends during the alarm leave one window in sockets, not one each.
func TestAMQPImpatienceDuringAnAlarm(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("amqp-impatience")
	queue := declareQueue(t, r, "amqp-impatience", nil)
	dial := amqpDial(t, r.Addr(), 400*time.Millisecond, atKey(queue))
	const n = 500
	d := newAMQPDriver(func(ctx context.Context) (providers.Session, error) {
		s, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		return impatientSession{s}, nil
	})
	ms := amqpMessages(o, "impatience", 1, n)
	done := make(chan error, 1)
	if err := r.SetAlarm(ctx, true); err != nil {
		t.Fatal(err)
	}
	go func() { done <- d.deliver(ctx, ms) }()
	pause(ctx, 3*time.Second)
	if err := r.SetAlarm(ctx, false); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if d.dials < 3 {
		t.Errorf("%d sessions: the engine was not impatient", d.dials)
	}
	verifyAMQP(t, ctx, r, o, n, queue)
}

// impatientSession gives each Send and Wait half a second, alarm or not.
type impatientSession struct{ providers.Session }

func (s impatientSession) Send(ctx context.Context, ms []providers.Message) providers.Flight {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	return impatientFlight{s.Session.Send(ctx, ms)}
}

type impatientFlight struct{ providers.Flight }

func (f impatientFlight) Wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	return f.Flight.Wait(ctx)
}

// A full queue refuses single messages; they are retried until a consumer has made room.
func TestAMQPRejectPublish(t *testing.T) {
	r := pool.RabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("amqp-reject")
	queue := declareQueue(t, r, "amqp-reject", rabbit.Table{"x-max-length": int32(500), "x-overflow": "reject-publish"})
	d := newAMQPDriver(amqpDial(t, r.Addr(), 10*time.Second, atKey(queue)))
	d.batch = 1 // one at a time, as order: strict does: a nack may let a later message overtake
	const n = 1000
	done := make(chan error, 1)
	ms := amqpMessages(o, "reject", 1, n)
	go func() { done <- d.deliver(ctx, ms) }()
	await(t, ctx, func() bool { return d.complains("nack") })

	w := o.Witness(queue)
	for err := error(nil); ; {
		if drainErr := oracle.DrainQueue(ctx, r.URL(), queue, func(m rabbit.Delivery) { w.Observe(m.Body) }); drainErr != nil {
			t.Fatal(drainErr)
		}
		if done == nil {
			if err != nil {
				t.Error(err)
			}
			break
		}
		select {
		case err = <-done:
			done = nil // drain once more
		default:
		}
	}
	v := w.Verdict()
	v.Inversions = nil // allowed here: see the exception of promise 5
	if err := v.Err(0); err != nil {
		t.Error(err)
	}
}

func TestAMQPTimeoutOfTheFile(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("amqp-timeout")
	dial := amqpDial(t, r.Addr(), time.Minute, func(c *amqp.Config) {
		atKey("amqp-timeout")(c)
		c.Timeout = amqp.Seconds(300 * time.Millisecond)
	})
	s, err := dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(ctx)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	err = s.Send(ctx, amqpMessages(o, "any", 1, 1)).Wait(ctx)
	if cont := r.Cont(); cont != nil {
		t.Fatal(cont)
	}
	if took := time.Since(start); err == nil || took > 2*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
}
