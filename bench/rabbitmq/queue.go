// Package rabbitmq publishes to one queue of a RabbitMQ with clients of different make: persistent, to a durable
// queue, with confirms.
package rabbitmq

import (
	"context"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/evhub/evhub/bench/harness"
)

// Prepare returns a Group's Prepare, which declares a queue for one run and deletes it afterwards, when all events
// are in it. url is asked for the broker's when it is needed.
func Prepare(url func() (string, error)) func(context.Context, *harness.Task) (harness.Finish, error) {
	return func(_ context.Context, t *harness.Task) (harness.Finish, error) {
		at, err := url()
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("bench-%s-%x", t.Group, time.Now().UnixNano())
		err = withChannel(at, func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclare(name, true, false, false, false, nil)
			return err
		})
		if err != nil {
			return nil, err
		}
		t.Address, t.Target = at, name
		return func(_ context.Context, published int) error {
			return withChannel(at, func(ch *amqp.Channel) error { return deleteQueue(ch, name, published) })
		}, nil
	}
}

func withChannel(url string, do func(*amqp.Channel) error) error {
	conn, err := amqp.Dial(url)
	if err != nil {
		return err
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	return do(ch)
}

// deleteQueue returns an error unless the queue held so many messages.
func deleteQueue(ch *amqp.Channel, name string, want int) error {
	held, err := ch.QueueDelete(name, false, false, false)
	if err == nil && held != want {
		err = fmt.Errorf("queue %s has %d messages, want %d", name, held, want)
	}
	return err
}
