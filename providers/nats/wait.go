package nats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/evhub/evhub/providers"
)

// streamFlight waits for a stream's acknowledgement of each message.
type streamFlight struct {
	flight
	answers []*answer // nil where outcomes already has an error
}

// Wait implements providers.Flight. It settles every message, also behind one that failed: all of them are out.
func (f streamFlight) Wait(ctx context.Context) error {
	timer := time.NewTimer(f.session.env.Timeout)
	defer timer.Stop()
	for i, a := range f.answers {
		if f.outcomes[i] == nil {
			timer.Reset(f.session.env.Timeout)
			f.outcomes[i] = f.outcome(ctx, timer, a, &f.messages[i])
		}
	}
	return providers.Batch(f.outcomes)
}

// outcome returns the outcome of one message. An answer that is there already counts, whatever else has happened.
func (f streamFlight) outcome(ctx context.Context, timer *time.Timer, a *answer, m *providers.Message) error {
	s := f.session
	select {
	case <-a.done:
		return s.settled(a, m)
	default:
	}
	select {
	case <-a.done:
		return s.settled(a, m)
	case <-s.gone:
	case <-timer.C:
		s.abort(fmt.Errorf("%w (%v)", errTimeout, s.env.Timeout))
	case <-ctx.Done():
		s.abort(fmt.Errorf("the wait for answers ended: %w", ctx.Err()))
	}
	return fmt.Errorf("unanswered: %w", context.Cause(s.open))
}

// settled is the outcome of a message that has its answer.
func (s *session) settled(a *answer, m *providers.Message) error {
	if a.err == nil {
		s.noteDuplicate(a, m)
	}
	return a.err
}

// Error codes by which a stream refuses a message for what it is.
const (
	codeMessageTooLarge = 10054 // max_msg_size of the stream
	codeHeaderTooLarge  = 10097
)

// refused is the outcome that a negative answer means. One that is not permanent ends the session.
func (s *session) refused(err error) error {
	err = s.classify(err)
	if !providers.IsPermanent(err) {
		s.stop(err)
	}
	return err
}

// classify marks a negative answer. All but size speaks of the stream: there is none, it is full, sealed, without a
// leader.
func (s *session) classify(err error) error {
	var api *jetstream.APIError
	switch {
	case errors.Is(err, jetstream.ErrNoStreamResponse):
		return providers.Unsent(s.failed(fmt.Errorf("no stream takes the subject; create one, or set jetstream: false: %w", err)))
	case errors.As(err, &api) && (api.ErrorCode == codeMessageTooLarge || api.ErrorCode == codeHeaderTooLarge):
		return providers.Permanent(s.failed(err))
	}
	return s.failed(err)
}

// noteDuplicate warns when a stream took a first attempt for a duplicate. Two destinations that send one event to the
// same subject of one stream do so, and the stream keeps one of the two.
func (s *session) noteDuplicate(a *answer, m *providers.Message) {
	if !a.duplicate || m.Attempt != 1 {
		return
	}
	s.duplicates.Do(func() {
		s.env.Logger.Warn("a stream already had an event that was sent for the first time; if several destinations send to one subject, the stream keeps one copy",
			"stream", a.stream, "event", m.ID)
	})
}

// coreFlight waits until the server has read what was sent before the wait.
type coreFlight struct{ flight }

// Wait implements providers.Flight. A server answers in order, so a refusal comes before the answer to the ping.
func (f coreFlight) Wait(ctx context.Context) error {
	s := f.session
	ctx, cancel := context.WithTimeoutCause(ctx, s.env.Timeout, errTimeout)
	defer cancel()
	err := s.conn.FlushWithContext(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = s.conn.LastError()
	}
	if err == nil {
		return providers.Batch(f.outcomes)
	}
	s.abort(err)
	for i := range f.outcomes {
		if f.outcomes[i] == nil {
			f.outcomes[i] = fmt.Errorf("unanswered: %w", context.Cause(s.open))
		}
	}
	return providers.Batch(f.outcomes)
}
