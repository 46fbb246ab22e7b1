package amqp

import (
	"context"
	"crypto/rand"
	"fmt"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// probe waits until the broker takes messages. RabbitMQ greets new connections during an alarm and blocks them at
// their first message, so that each session would leave a window of messages in the socket, to be delivered later
// beside their resends. The probe is a message that no queue can take: the broker returns it and keeps nothing.
func (s *session) probe(ctx context.Context) error {
	side, err := s.conn.Channel()
	if err != nil {
		return err
	}
	if err := side.Confirm(false); err != nil {
		return err
	}
	side.NotifyReturn(make(chan amqp091.Return, 1))
	confirm, err := side.PublishWithDeferredConfirm("", "evhub-probe-"+rand.Text(), true, false, amqp091.Publishing{})
	if err != nil {
		return err
	}
	var reason string
	for {
		select {
		case b := <-s.blocks:
			reason = b.Reason
		case <-confirm.Done():
			// Also when the channel was closed, for want of permission: then the broker has read the message.
			return side.Close()
		case <-ctx.Done():
			return fmt.Errorf("the broker blocks publishers (%s)", reason)
		}
	}
}
