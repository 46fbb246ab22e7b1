package providertest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/evhub/evhub/providers"
)

var wrongAtEnd = []wrong{
	{name: "awaits-a-running-wait", fails: "close-any-time", spoil: func(t *Target, released <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.end = func(ctx context.Context) error {
				busy := s.waiting.Load() > 0
				err := s.Session.Close(ctx)
				if busy {
					<-released
				}
				return err
			}
		})
	}},
	{name: "panics-beside-wait", fails: "close-any-time", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.end = func(ctx context.Context) error {
				defer func(busy bool) {
					if busy {
						panic("close of a channel that Wait reads")
					}
				}(s.waiting.Load() > 0)
				return s.Session.Close(ctx)
			}
		})
	}},
	{name: "forgets-a-running-wait", fails: "close-ends-calls", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.wait = func(ctx context.Context, f providers.Flight, _ []providers.Message) error {
				before := s.closed.Load()
				err := f.Wait(ctx)
				if !before && s.closed.Load() {
					<-ctx.Done()
				}
				return err
			}
		})
	}},
	{name: "forgets-a-running-send", fails: "close-ends-calls", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
				before := s.closed.Load()
				f := s.Session.Send(ctx, ms)
				if !before && s.closed.Load() {
					<-ctx.Done()
				}
				return f
			}
		})
	}},
	{name: "hangs-in-a-later-wait", fails: "close-ends-calls", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.wait = func(ctx context.Context, f providers.Flight, _ []providers.Message) error {
				if s.closed.Load() {
					<-ctx.Done()
				}
				return f.Wait(ctx)
			}
		})
	}},
	{name: "opens-again", fails: "close-ends-calls", spoil: func(t *Target, _ <-chan struct{}) {
		dial := t.Dial
		wrap(t, func(s *spoiled) {
			s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
				if !s.closed.Load() {
					return s.Session.Send(ctx, ms)
				}
				again, err := dial(ctx)
				if err != nil {
					return providers.Done(err)
				}
				defer func() { _ = again.Close(ctx) }()
				return providers.Done(again.Send(ctx, ms).Wait(ctx))
			}
		})
	}},
	{name: "panics", fails: "close-twice", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			var ended atomic.Bool
			s.end = func(ctx context.Context) error {
				if ended.Swap(true) {
					panic("close of closed channel")
				}
				return s.Session.Close(ctx)
			}
		})
	}},
	{name: "hangs", fails: "close-twice", spoil: func(t *Target, released <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			var ended atomic.Bool
			s.end = func(ctx context.Context) error {
				if ended.Swap(true) {
					<-released
				}
				return s.Session.Close(ctx)
			}
		})
	}},
	{name: "buries-what-is-open", fails: "close-leaves-unknown", spoil: atClose(providers.Permanent)},
	{name: "declares-victory", fails: "close-leaves-unknown", spoil: atClose(func(error) error { return nil })},
	{name: "leaves-a-goroutine", fails: "close-leaves-nothing", spoil: func(t *Target, released <-chan struct{}) {
		wrap(t, func(*spoiled) { go func() { <-released }() })
	}},
	{name: "leaves-a-connection", fails: "close-leaves-nothing", spoil: func(t *Target, _ <-chan struct{}) {
		dial := t.Dial
		t.Dial = func(ctx context.Context) (providers.Session, error) {
			if _, err := dial(ctx); err != nil {
				return nil, err
			}
			return dial(ctx)
		}
	}},
	{name: "wait-ignores-it", fails: "context-ends-calls", spoil: wrapWait(
		func(ctx context.Context, f providers.Flight, _ []providers.Message) error {
			return f.Wait(context.WithoutCancel(ctx))
		})},
	{name: "send-ignores-it", fails: "context-ends-calls", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
				return s.Session.Send(context.WithoutCancel(ctx), ms)
			}
		})
	}},
	{name: "close-ignores-it", fails: "context-ends-calls", spoil: func(t *Target, released <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.end = func(ctx context.Context) error {
				if ctx.Err() != nil {
					<-released
				}
				return s.Session.Close(ctx)
			}
		})
	}},
	{name: "buries-what-is-late", fails: "context-leaves-unknown", spoil: wrapOutcomes(
		func(ctx context.Context, errs []error) error {
			if ctx.Err() != nil {
				return providers.Permanent(ctx.Err())
			}
			return providers.Batch(errs)
		})},
	{name: "goes-on", fails: "context-leaves-unknown", spoil: wrapWait(
		func(ctx context.Context, f providers.Flight, _ []providers.Message) error {
			got := make(chan error, 1)
			go func() { got <- f.Wait(context.WithoutCancel(ctx)) }()
			select {
			case err := <-got:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		})},
}

// atClose changes the outcome of flights that Close left open.
func atClose(change func(error) error) func(*Target, <-chan struct{}) {
	return func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
				if s.closed.Load() {
					return providers.Done(errWrong)
				}
				return s.Session.Send(ctx, ms)
			}
			s.wait = func(ctx context.Context, f providers.Flight, _ []providers.Message) error {
				err := f.Wait(ctx)
				if err != nil && !errors.Is(err, errWrong) && s.closed.Load() {
					return change(err)
				}
				return err
			}
		})
	}
}
