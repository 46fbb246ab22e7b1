package amqp

import (
	"context"
	"crypto/rand"
	"fmt"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// probe waits until the broker takes messages. RabbitMQ greets new connections during an alarm, takes one message of
// each and reads no further, so that each session would leave a window of messages in the socket, to be delivered
// later beside their resends. The probe is a message that no queue can take, so the broker keeps nothing; what is
// asked behind it is answered only when the broker reads on.
func (s *session) probe(ctx context.Context) error {
	side, err := s.conn.Channel()
	if err != nil {
		return err
	}
	if err := side.PublishWithContext(ctx, "", "evhub-probe-"+rand.Text(), false, false, amqp091.Publishing{}); err != nil {
		return err
	}
	err = side.Close()
	if err == nil || code(err) == amqp091.AccessRefused { // refused for want of permission, but read
		return nil
	}
	if ctx.Err() == nil {
		return err
	}
	for {
		select {
		case b, ok := <-s.blocks:
			if ok && b.Active {
				return fmt.Errorf("the broker blocks publishers (%s): %w", b.Reason, ctx.Err())
			}
			if ok {
				continue
			}
		default:
		}
		return fmt.Errorf("the broker does not read: %w", ctx.Err())
	}
}
