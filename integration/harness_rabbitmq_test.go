package integration

import (
	"context"
	"errors"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

func declareQueue(t *testing.T, r *brokers.RabbitMQ, name string, args amqp.Table) string {
	t.Helper()
	err := r.Do(func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclare(name, true, false, false, false, args)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.Do(func(ch *amqp.Channel) error {
			_, err := ch.QueueDelete(name, false, false, false)
			return err
		})
	})
	return name
}

// publish sends n events of the oracle to a queue with a plain client and notes what the broker confirmed.
func publish(t *testing.T, ctx context.Context, r *brokers.RabbitMQ, queue string, o *oracle.Oracle, n int) {
	t.Helper()
	err := r.Do(func(ch *amqp.Channel) error {
		if err := ch.Confirm(false); err != nil {
			return err
		}
		for range n {
			e := o.Mint("key")
			c, err := ch.PublishWithDeferredConfirmWithContext(ctx, "", queue, true, false,
				amqp.Publishing{Body: e.Body, DeliveryMode: amqp.Persistent})
			if err != nil {
				return err
			}
			ok, err := c.WaitContext(ctx)
			if err != nil {
				return err
			}
			if !ok {
				return errors.New("nack")
			}
			o.Accept(e.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// verifyQueue drains the queue and fails the test unless everything accepted is there once and in order.
func verifyQueue(t *testing.T, ctx context.Context, r *brokers.RabbitMQ, queue string, o *oracle.Oracle) {
	t.Helper()
	w := o.Witness("queue " + queue)
	if err := oracle.DrainQueue(ctx, r.URL(), queue, func(d amqp.Delivery) { w.Observe(d.Body) }); err != nil {
		t.Fatal(err)
	}
	judge(t, w, 0)
}

func TestHarnessRabbitMQ(t *testing.T) {
	r := pool.RabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("harness-rabbitmq")
	queue := declareQueue(t, r, "harness", nil)
	publish(t, ctx, r, queue, o, 200)
	verifyQueue(t, ctx, r, queue, o)
}

func TestHarnessRabbitMQKillAndRestart(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx, o := within(t, 2*time.Minute), oracle.New("harness-rabbitmq-kill")
	queue := declareQueue(t, r, "harness-kill", nil)
	publish(t, ctx, r, queue, o, 50)
	r.Kill9()
	if conn, err := amqp.Dial(r.URL()); err == nil {
		conn.Close()
		t.Error("the killed server takes connections")
	}
	if err := r.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	publish(t, ctx, r, queue, o, 50)
	verifyQueue(t, ctx, r, queue, o)
}

func TestHarnessRabbitMQStop(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	dial := func(d time.Duration) error {
		conn, err := amqp.DialConfig(r.URL(), amqp.Config{Dial: amqp.DefaultDial(d)})
		if err == nil {
			err = conn.Close()
		}
		return err
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	frozen := dial(300 * time.Millisecond)
	if err := r.Cont(); err != nil {
		t.Fatal(err)
	}
	if frozen == nil {
		t.Error("the stopped server answers")
	}
	if err := dial(30 * time.Second); err != nil {
		t.Errorf("after it goes on: %v", err)
	}
}

func TestHarnessRabbitMQAlarm(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx := within(t, time.Minute)
	conn, err := amqp.Dial(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	blocked := conn.NotifyBlocked(make(chan amqp.Blocking, 2))
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	queue := declareQueue(t, r, "harness-alarm", nil)
	for _, on := range []bool{true, false} {
		if err := r.SetAlarm(ctx, on); err != nil {
			t.Fatal(err)
		}
		if on { // a connection is blocked when it publishes
			if err := ch.PublishWithContext(ctx, "", queue, false, false, amqp.Publishing{}); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case b := <-blocked:
			if b.Active != on {
				t.Errorf("blocked: %v, want %v", b.Active, on)
			}
		case <-ctx.Done():
			t.Fatalf("alarm %v: the connection heard nothing", on)
		}
	}
}

func TestHarnessRabbitMQTLS(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	url := "amqps://" + brokers.User + ":" + brokers.Password + "@" + r.TLSAddr + "/"
	for _, shown := range []bool{false, true} {
		conn, err := amqp.DialTLS(url, clientTLS(t, r.TLS, shown))
		if err != nil {
			t.Errorf("with client certificate %v: %v", shown, err)
			continue
		}
		conn.Close()
	}
}
