package providertest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/evhub/evhub/providers"
)

var errWrong = errors.New("wrong on purpose")

var wrongInUse = []wrong{
	{name: "dials-once", fails: "dial-again", spoil: func(t *Target, _ <-chan struct{}) {
		dial, dialled := t.Dial, false
		t.Dial = func(ctx context.Context) (providers.Session, error) {
			if dialled {
				return nil, errWrong
			}
			dialled = true
			return dial(ctx)
		}
	}},
	{name: "lives-with-the-dial", fails: "dial-context", spoil: func(t *Target, _ <-chan struct{}) {
		dial := t.Dial
		t.Dial = func(ctx context.Context) (providers.Session, error) {
			s, err := dial(ctx)
			if err == nil {
				context.AfterFunc(ctx, func() { _ = s.Close(ctx) })
			}
			return s, err
		}
	}},
	{name: "dials-for-ever", fails: "dial-context", spoil: func(t *Target, released <-chan struct{}) {
		dial := t.Dial
		t.Dial = func(ctx context.Context) (providers.Session, error) {
			if ctx.Err() != nil {
				<-released
			}
			return dial(ctx)
		}
	}},
	{name: "one-lock-for-send-and-wait", fails: "send-and-wait-side-by-side", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			lock := make(chan struct{}, 1)
			s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
				lock <- struct{}{}
				defer func() { <-lock }()
				return s.Session.Send(ctx, ms)
			}
			s.wait = func(ctx context.Context, f providers.Flight, _ []providers.Message) error {
				lock <- struct{}{}
				defer func() { <-lock }()
				return f.Wait(ctx)
			}
		})
	}},
	{name: "sends-synchronously", fails: "send-awaits-no-answer", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
				return providers.Done(s.Session.Send(ctx, ms).Wait(ctx))
			}
		})
	}},
	{name: "small-ones-first", fails: "order", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
				ms = slices.Clone(ms)
				slices.SortStableFunc(ms, func(a, b providers.Message) int { return len(a.Body)/8192 - len(b.Body)/8192 })
				return s.Session.Send(ctx, ms)
			}
		})
	}},
	{name: "counts-attempts", fails: "messages-untouched", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
				ms[0].Attempt++
				return s.Session.Send(ctx, ms)
			}
		})
	}},
	{name: "rewrites-attributes", fails: "messages-untouched", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
				ms[0].Attrs[0].Name = "ce_" + ms[0].Attrs[0].Name
				return s.Session.Send(ctx, ms)
			}
		})
	}},
	{name: "keeps-bodies", fails: "messages-untouched", spoil: keepBodies},
}

// keepBodies makes the receiver see the bodies as the engine has them now.
func keepBodies(t *Target, _ <-chan struct{}) {
	var mu sync.Mutex
	kept := map[string][]byte{}
	wrap(t, func(s *spoiled) {
		s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
			mu.Lock()
			defer mu.Unlock()
			for _, m := range ms {
				kept[m.ID] = m.Body
			}
			return s.Session.Send(ctx, ms)
		}
	})
	received := t.Far.Received
	t.Far.Received = func() [][]byte {
		mu.Lock()
		defer mu.Unlock()
		bodies := received()
		for i, b := range bodies {
			bodies[i] = kept[ID(b)]
		}
		return bodies
	}
}
