package rabbitmq

import (
	"context"
	"errors"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/bench/load"
)

// Client is amqp091-go with so many unconfirmed messages. corked gathers what it writes while a write is under way.
func Client(name string, window int, corked bool) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(_ context.Context, t harness.Task) (harness.Publisher, error) {
		config := amqp.Config{Locale: "en_US", Heartbeat: 10 * time.Second, Dial: amqp.DefaultDial(30 * time.Second)}
		if corked {
			config.Dial = dialCorked
		}
		conn, err := amqp.DialConfig(t.Address, config)
		if err != nil {
			return nil, err
		}
		c := &client{conn: conn, queue: t.Target, window: window, bodies: load.Bodies(t.Body)}
		if c.channel, err = conn.Channel(); err == nil {
			err = c.channel.Confirm(false)
		}
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return c, nil
	}}
}

type client struct {
	conn    *amqp.Connection
	channel *amqp.Channel
	queue   string
	window  int
	bodies  [][]byte
}

// Publish implements harness.Publisher.
func (c *client) Publish(ctx context.Context, n int) error {
	unconfirmed := make([]*amqp.DeferredConfirmation, 0, n)
	waited := 0
	for i := range n {
		confirmation, err := c.channel.PublishWithDeferredConfirm("", c.queue, false, false, amqp.Publishing{
			DeliveryMode: amqp.Persistent, Body: c.bodies[i%len(c.bodies)],
		})
		if err != nil {
			return err
		}
		unconfirmed = append(unconfirmed, confirmation)
		if len(unconfirmed)-waited >= c.window {
			if err := confirmed(ctx, unconfirmed[waited]); err != nil {
				return err
			}
			unconfirmed[waited] = nil
			waited++
		}
	}
	for _, confirmation := range unconfirmed[waited:] {
		if err := confirmed(ctx, confirmation); err != nil {
			return err
		}
	}
	return nil
}

func confirmed(ctx context.Context, c *amqp.DeferredConfirmation) error {
	acked, err := c.WaitContext(ctx)
	if err == nil && !acked {
		err = errors.New("the broker refused a message")
	}
	return err
}

// Close implements harness.Publisher.
func (c *client) Close(context.Context) error { return c.conn.Close() }

func dialCorked(network, addr string) (net.Conn, error) {
	conn, err := amqp.DefaultDial(30*time.Second)(network, addr)
	if err != nil {
		return nil, err
	}
	return newCork(conn), nil
}
