package amqp

import (
	"context"
	"fmt"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"github.com/evhub/evhub/providers"
)

// nackRetry is how long to wait before a message that the broker refused for now is sent again.
const nackRetry = 100 * time.Millisecond

// flight is what one Send published.
type flight struct {
	s        *session
	ms       []providers.Message
	confirms []*amqp091.DeferredConfirmation // nil where the message was not published, or its outcome is in errs
	errs     []error                         // nil until the first failure
}

func newFlight(s *session, ms []providers.Message) *flight {
	return &flight{s: s, ms: ms, confirms: make([]*amqp091.DeferredConfirmation, len(ms))}
}

func (f *flight) set(i int, err error) {
	if f.errs == nil {
		f.errs = make([]error, len(f.ms))
	}
	f.errs[i] = err
}

// unsent notes that the messages from i on were not published because of err.
func (f *flight) unsent(i int, err error) {
	for ; i < len(f.ms); i++ {
		f.set(i, providers.Unsent(err))
	}
}

// Wait implements providers.Flight: each confirmation, then the returns that have come before them.
func (f *flight) Wait(ctx context.Context) error {
	published := int64(0)
	for i, confirm := range f.confirms {
		if confirm == nil {
			continue
		}
		published++
		if err := f.s.outcome(ctx, confirm, len(f.ms[i].Body)); err != nil {
			f.set(i, err)
		}
	}
	f.s.inFlight.Add(-published)
	f.s.claimReturns(f)
	if f.errs == nil {
		return nil
	}
	return providers.Batch(f.errs)
}

// outcome waits for the confirmation of a message with a body of size bytes.
func (s *session) outcome(ctx context.Context, confirm *amqp091.DeferredConfirmation, size int) error {
	select {
	case <-confirm.Done():
	default:
		s.await(ctx, confirm)
	}
	if confirm.Acked() {
		return nil
	}
	if s.ch.IsClosed() || s.isDead() {
		// The client answers for a broker that is gone: the outcome is unknown.
		return s.lost(ctx, size)
	}
	s.refuse(errNack)
	return providers.RetryAfter(fmt.Errorf("%s: %w", s.endpoint, errNack), nackRetry)
}

// await returns when confirm is done or the session is dead. It kills the session when ctx ends, or when the broker
// says nothing for the timeout although it takes messages.
func (s *session) await(ctx context.Context, confirm *amqp091.DeferredConfirmation) {
	start := time.Now()
	timer := time.NewTimer(s.timeout)
	defer timer.Stop()
	for {
		select {
		case <-confirm.Done():
			return
		case <-s.dead:
			return
		case <-ctx.Done():
			s.fail(fmt.Errorf("waiting for a confirmation: %w", ctx.Err()))
			return
		case <-timer.C:
			left := s.timeout - s.gate.waited(start)
			if left <= 0 {
				s.fail(fmt.Errorf("%w: no confirmation for %v", errStalled, s.timeout))
				return
			}
			timer.Reset(left)
		}
	}
}

func (s *session) isDead() bool {
	select {
	case <-s.dead:
		return true
	default:
		return false
	}
}

// lost returns the outcome of a message that was in flight when the connection or the channel ended.
func (s *session) lost(ctx context.Context, size int) error {
	select {
	case <-s.dead: // the reason is about to be known
	case <-ctx.Done():
		s.fail(fmt.Errorf("waiting for a confirmation: %w", ctx.Err()))
	}
	err := s.cause()
	switch {
	case s.overLimit > 0 && size > s.overLimit:
		return providers.Permanent(fmt.Errorf("%w: %w", tooLarge(size, s.overLimit), err))
	case code(err) == amqp091.PreconditionFailed && s.inFlight.Load() == 1:
		// Whatever the condition is, this message alone was there to fail it.
		return providers.Permanent(err)
	}
	return err
}
