package providertest

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/evhub/evhub/providers"
)

// spoiled is a session of which parts are replaced; nil keeps what it wraps.
type spoiled struct {
	providers.Session
	closed  atomic.Bool // Close was called
	waiting atomic.Int32

	send func(ctx context.Context, ms []providers.Message) providers.Flight
	wait func(ctx context.Context, f providers.Flight, ms []providers.Message) error
	end  func(ctx context.Context) error
}

func (s *spoiled) Send(ctx context.Context, ms []providers.Message) providers.Flight {
	send := s.Session.Send
	if s.send != nil {
		send = s.send
	}
	f := send(ctx, ms)
	if f == nil {
		return nil
	}
	return &spoiledFlight{Flight: f, session: s, ms: ms}
}

func (s *spoiled) Close(ctx context.Context) error {
	end := s.Session.Close
	if s.end != nil {
		end = s.end
	}
	defer s.closed.Store(true)
	if s.end == nil {
		s.closed.Store(true)
	}
	return end(ctx)
}

type spoiledFlight struct {
	providers.Flight
	session *spoiled
	ms      []providers.Message
}

func (f *spoiledFlight) Wait(ctx context.Context) error {
	f.session.waiting.Add(1)
	defer f.session.waiting.Add(-1)
	if f.session.wait != nil {
		return f.session.wait(ctx, f.Flight, f.ms)
	}
	return f.Flight.Wait(ctx)
}

// wrap spoils each session of t.
func wrap(t *Target, spoil func(s *spoiled)) {
	dial := t.Dial
	t.Dial = func(ctx context.Context) (providers.Session, error) {
		inner, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		s := &spoiled{Session: inner}
		spoil(s)
		return s, nil
	}
}

// wrapWait replaces the Wait of each flight of t.
func wrapWait(wait func(ctx context.Context, f providers.Flight, ms []providers.Message) error) func(*Target, <-chan struct{}) {
	return func(t *Target, _ <-chan struct{}) { wrap(t, func(s *spoiled) { s.wait = wait }) }
}

// wrapOutcomes replaces the outcomes of each flight of t that has one that is an error.
func wrapOutcomes(change func(ctx context.Context, errs []error) error) func(*Target, <-chan struct{}) {
	return wrapWait(func(ctx context.Context, f providers.Flight, ms []providers.Message) error {
		err := f.Wait(ctx)
		if err == nil {
			return nil
		}
		return change(ctx, slices.Clone(outcomes(err, len(ms))))
	})
}

// resend returns a Wait that sends, in a session of its own, again what failed with cause, from the skip-th of those
// messages on.
func resend(cause error, skip int) func(*Target, <-chan struct{}) {
	return func(t *Target, _ <-chan struct{}) {
		dial := t.Dial
		wrap(t, func(s *spoiled) {
			s.wait = func(ctx context.Context, f providers.Flight, ms []providers.Message) error {
				errs := slices.Clone(outcomes(f.Wait(ctx), len(ms)))
				first := slices.IndexFunc(errs, func(err error) bool { return errors.Is(err, cause) })
				if first < 0 || first+skip >= len(ms) {
					return providers.Batch(errs)
				}
				again, err := dial(ctx)
				if err != nil {
					return err
				}
				defer func() { _ = again.Close(ctx) }()
				rest := ms[first+skip:]
				copy(errs[first+skip:], outcomes(again.Send(ctx, rest).Wait(ctx), len(rest)))
				return providers.Batch(errs)
			}
		})
	}
}
