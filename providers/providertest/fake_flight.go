package providertest

import (
	"context"
	"fmt"

	"github.com/evhub/evhub/providers"
)

// fakeFlight is a flight to a Fake.
type fakeFlight struct {
	session *fakeSession
	number  int // from 1 in its session
	ms      []providers.Message
	err     error    // of all messages: they were not taken
	answers []answer // one for each message; nil: all confirmed
}

// answer is the broker's answer to one message.
type answer struct {
	err   error
	until <-chan struct{} // it has not come before this is closed; nil: it is there
}

func (fl *fakeFlight) Wait(ctx context.Context) error {
	s := fl.session
	hook := fl.enter()
	defer fl.leave()
	if fl.err != nil {
		return fl.err
	}
	if hook != nil {
		if err := s.run(ctx, func(ctx context.Context) error { return hook(ctx, fl.ms) }); err != nil {
			s.failed.Store(true)
			return err
		}
	}
	if s.closed.Load() {
		return errClosed
	}
	if fl.answers == nil {
		return nil
	}
	errs := make([]error, len(fl.answers))
	for i, a := range fl.answers {
		errs[i] = s.await(ctx, a)
		if errs[i] != nil && !providers.IsPermanent(errs[i]) {
			s.failed.Store(true)
		}
	}
	return providers.Batch(errs)
}

// await returns the outcome that a gives, or that its absence gives.
func (s *fakeSession) await(ctx context.Context, a answer) error {
	if a.until == nil || !s.fake.caps.Acked {
		return a.err
	}
	select {
	case <-a.until: // an answer that is there counts, whatever else has ended
		return a.err
	default:
	}
	select {
	case <-a.until:
		return a.err
	case <-s.conn.Done():
		return context.Cause(s.conn)
	case <-ctx.Done():
		return fmt.Errorf("no answer from the fake broker: %w", ctx.Err())
	}
}

// enter notes misuse.
func (fl *fakeFlight) enter() (hook func(context.Context, []providers.Message) error) {
	s, f := fl.session, fl.session.fake
	busy := s.waiting.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if busy > 1 {
		f.misuse("%d calls of Wait at once", busy)
	}
	if fl.number != s.waited+1 {
		f.misuse("Wait for flight %d after %d flights", fl.number, s.waited)
	}
	return f.script.OnWait
}

func (fl *fakeFlight) leave() {
	s, f := fl.session, fl.session.fake
	f.mu.Lock()
	s.waited++
	f.mu.Unlock()
	s.waiting.Add(-1)
}
