package amqp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evhub/evhub/providers"
)

// Send implements providers.Session. It waits for room, for a blocked broker, and once per profile for the answer
// whether its queue exists.
func (s *session) Send(ctx context.Context, ms []providers.Message) providers.Flight {
	f := newFlight(s, ms)
	s.wire.hold()
	defer s.wire.release()
	for i := range ms {
		err := s.publish(ctx, f, i)
		switch {
		case err == nil:
		case providers.IsPermanent(err):
			f.set(i, err)
		default:
			s.refuse(err)
			f.unsent(i, err)
			return f
		}
	}
	return f
}

// publish sends message i of f. An error means that the broker does not have it.
func (s *session) publish(ctx context.Context, f *flight, i int) error {
	m := &f.ms[i]
	key := s.routingKey(m)
	if err := s.check(m, key); err != nil {
		return providers.Permanent(err)
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	if s.route.namesQueues() && !s.queues.knows(key) {
		s.wire.release() // what is before must not wait for the answer
		err := s.ensureQueue(ctx, key)
		s.wire.hold()
		if err != nil {
			return err
		}
	}
	if s.inFlight.Add(1) > batchMessages*window {
		s.inFlight.Add(-1)
		return errWindow
	}
	confirm, err := s.ch.PublishWithDeferredConfirm(s.route.exchange, key, true, false, s.stamp.publishing(m))
	if err != nil {
		s.inFlight.Add(-1)
		return fmt.Errorf("publishing: %w", err)
	}
	f.confirms[i] = confirm
	return nil
}

func (s *session) routingKey(m *providers.Message) string {
	if s.route.profileKey {
		return m.Profile
	}
	return s.route.key
}

// check returns what is wrong with m whoever the broker is.
func (s *session) check(m *providers.Message, key string) error {
	if err := shortString(key); err != nil {
		return fmt.Errorf("profile %q as routing key: %w", m.Profile, err)
	}
	if s.route.namesQueues() {
		// RabbitMQ would declare a queue without the line breaks, and the empty name means the last queue.
		if key == "" || strings.ContainsAny(key, "\r\n") {
			return fmt.Errorf("profile %q is no name for a queue", m.Profile)
		}
	}
	if err := shortString(m.ID); err != nil {
		return fmt.Errorf("id %q as message_id: %w", m.ID, err)
	}
	if limit := s.conn.Config.FrameSize; limit > 0 && headerFrameSize(m) > limit {
		return fmt.Errorf("attributes and properties need %d bytes; the broker takes %d", headerFrameSize(m), limit)
	}
	if s.limit > 0 && len(m.Body) > s.limit {
		return tooLarge(len(m.Body), s.limit)
	}
	return nil
}

func tooLarge(size, limit int) error {
	return fmt.Errorf("a body of %d bytes is larger than the broker's max_message_size of %d", size, limit)
}

// ready waits until one message may be published.
func (s *session) ready(ctx context.Context) error {
	for {
		if err := s.cause(); err != nil {
			return err
		}
		opens, reason := s.gate.blocked()
		if opens == nil && !s.wire.full() {
			return ctx.Err()
		}
		if opens == nil {
			reason = "the connection takes nothing more for now"
		} else {
			s.wire.release()
		}
		select {
		case <-opens:
		case <-s.wire.roomIf(opens == nil):
		case <-s.refused:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the broker (%s): %w", reason, ctx.Err())
		}
	}
}

// call runs a call of the client that waits for an answer. Neither ctx nor a timeout would end it: the end of the
// connection does.
func (s *session) call(ctx context.Context, what string, f func() error) error {
	stop := context.AfterFunc(ctx, func() { s.fail(fmt.Errorf("%s: %w", what, ctx.Err())) })
	defer stop()
	s.calling.Store(time.Now().UnixNano())
	defer s.calling.Store(0)
	if err := f(); err != nil {
		if cause := s.cause(); cause != nil && !errors.Is(err, cause) {
			return cause
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
