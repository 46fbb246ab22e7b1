package kafka

import (
	"context"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/bench/load"
)

// Writer is kafka-go's Writer, asynchronous, with batches of so many events that wait for at most linger.
func Writer(name string, batch int, linger time.Duration) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(_ context.Context, t harness.Task) (harness.Publisher, error) {
		w := &writer{done: make(chan error, 1)}
		w.transport = &kafka.Transport{}
		w.writer = &kafka.Writer{
			Addr: kafka.TCP(t.Address), Topic: t.Target, Transport: w.transport,
			RequiredAcks: kafka.RequireAll, Async: true,
			BatchSize: batch, BatchTimeout: linger, BatchBytes: 1 << 20,
			Completion: w.completed,
		}
		bodies := load.Bodies(t.Body)
		for i := range batch {
			w.messages = append(w.messages, kafka.Message{Value: bodies[i%len(bodies)]})
		}
		return w, nil
	}}
}

type writer struct {
	writer    *kafka.Writer
	transport *kafka.Transport
	messages  []kafka.Message
	done      chan error

	mu   sync.Mutex // guards the fields below
	left int
	err  error
}

func (w *writer) completed(messages []kafka.Message, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.err = err
	}
	if w.left -= len(messages); w.left == 0 {
		w.done <- w.err
	}
}

// Publish implements harness.Publisher.
func (w *writer) Publish(ctx context.Context, n int) error {
	w.mu.Lock()
	w.left = n
	w.mu.Unlock()
	for n > 0 {
		part := w.messages[:min(n, len(w.messages))]
		// WriteMessages fills in the topic and keeps the messages, so each call gets its own.
		if err := w.writer.WriteMessages(ctx, append([]kafka.Message(nil), part...)...); err != nil {
			return err
		}
		n -= len(part)
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close implements harness.Publisher.
func (w *writer) Close(context.Context) error {
	defer w.transport.CloseIdleConnections()
	return w.writer.Close()
}
