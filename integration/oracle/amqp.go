package oracle

import (
	"context"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// DrainQueue takes every message out of a queue, until it is empty, and passes them to observe in order. A
// message is acknowledged as it is taken, so the broker sends none twice because of this reader.
func DrainQueue(ctx context.Context, url, queue string, observe func(amqp.Delivery)) error {
	conn, err := amqp.Dial(url)
	if err != nil {
		return fmt.Errorf("drain queue %s: %w", queue, err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		return fmt.Errorf("drain queue %s: %w", queue, err)
	}
	for ctx.Err() == nil {
		const autoAck = true
		d, ok, err := ch.Get(queue, autoAck)
		if err != nil {
			return fmt.Errorf("drain queue %s: %w", queue, err)
		}
		if !ok {
			return nil
		}
		observe(d)
	}
	return fmt.Errorf("drain queue %s: %w", queue, context.Cause(ctx))
}
