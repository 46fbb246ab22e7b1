package oracle

import (
	"context"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// DrainQueue takes every message out of a queue, until it is empty, and passes them to observe in order. What it has not
// passed on stays in the queue, also on an error.
func DrainQueue(ctx context.Context, url, queue string, observe func(amqp.Delivery)) error {
	conn, err := amqp.Dial(url)
	if err != nil {
		return fmt.Errorf("drain queue %s: %w", queue, err)
	}
	defer conn.Close()
	for {
		n, err := drain(ctx, conn, queue, observe)
		if err != nil {
			return fmt.Errorf("drain queue %s: %w", queue, err)
		}
		if n == 0 {
			return nil
		}
	}
}

// drain takes the messages that are in the queue now and returns how many they were.
func drain(ctx context.Context, conn *amqp.Connection, queue string, observe func(amqp.Delivery)) (n int, err error) {
	ch, err := conn.Channel()
	if err != nil {
		return 0, err
	}
	defer ch.Close() // the broker puts back what came and was not acknowledged
	const prefetch = 1000
	state, err := ch.QueueDeclarePassive(queue, false, false, false, false, nil)
	if err != nil || state.Messages == 0 {
		return 0, err
	}
	if err := ch.Qos(prefetch, 0, false); err != nil {
		return 0, err
	}
	deliveries, err := ch.Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		return 0, err
	}
	for n < state.Messages {
		select {
		case d, open := <-deliveries:
			if !open {
				return n, errors.New("the broker ended the consumer")
			}
			observe(d)
			n++
			if n%(prefetch/2) == 0 || n == state.Messages {
				if err := d.Ack(true); err != nil {
					return n, err
				}
			}
		case <-ctx.Done():
			return n, context.Cause(ctx)
		}
	}
	return n, nil
}
