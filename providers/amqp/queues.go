package amqp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"github.com/evhub/evhub/providers"
)

// queues remembers which queues exist. Safe for concurrent use: the sender adds, the settler takes away.
type queues struct {
	mu    sync.Mutex
	known map[string]struct{}
	side  *amqp091.Channel // for looking up: a queue that is missing closes the channel
}

// maxKnownQueues bounds the memory: profiles may be without number.
const maxKnownQueues = 10_000

func (q *queues) knows(name string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, ok := q.known[name]
	return ok
}

func (q *queues) add(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.known == nil || len(q.known) >= maxKnownQueues {
		q.known = make(map[string]struct{})
	}
	q.known[name] = struct{}{}
}

// forget makes the next message for name look again.
func (q *queues) forget(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.known, name)
}

// ensureQueue looks name up and declares it, durable, only if it is missing: declaring a queue that exists with other
// arguments would be an error.
func (s *session) ensureQueue(ctx context.Context, name string) error {
	err := s.call(ctx, fmt.Sprintf("looking up queue %q", name), func() error { return s.lookUp(name) })
	switch code(err) {
	case amqp091.NotFound:
		if strings.HasPrefix(name, "amq.") {
			return providers.Permanent(fmt.Errorf("profile %q: queue names that begin with amq. are the broker's", name))
		}
		err = s.call(ctx, fmt.Sprintf("declaring queue %q", name), func() error { return s.declare(name) })
	case amqp091.ResourceLocked:
		err = nil // it exists, exclusive to a connection that lets others publish
	}
	if err == nil {
		s.queues.add(name)
	}
	return err
}

func (s *session) lookUp(name string) error {
	side, err := s.sideChannel()
	if err != nil {
		return err
	}
	_, err = side.QueueDeclarePassive(name, true, false, false, false, nil)
	return err
}

func (s *session) declare(name string) error {
	side, err := s.sideChannel()
	if err != nil {
		return err
	}
	q, err := side.QueueDeclare(name, true, false, false, false, nil)
	if err == nil && q.Name != name {
		return errors.New("the broker gave it another name")
	}
	return err
}

// sideChannel returns an open channel for anything but publishing. Only the sender calls it.
func (s *session) sideChannel() (*amqp091.Channel, error) {
	if s.queues.side != nil && !s.queues.side.IsClosed() {
		return s.queues.side, nil
	}
	side, err := s.conn.Channel()
	s.queues.side = side
	return side, err
}
