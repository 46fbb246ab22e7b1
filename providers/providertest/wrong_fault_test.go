package providertest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/evhub/evhub/providers"
)

var suffixCaps = providers.Caps{Acked: true, Order: providers.Suffix}

var wrongAfterFault = []wrong{
	{name: "reconnects", fails: "fail-stop", spoil: reconnect},
	{name: "claims-full", fails: "full-order-through-failure", caps: suffixCaps, spoil: func(t *Target, _ <-chan struct{}) {
		t.Caps.Order = providers.Full
	}},
	{name: "goes-on-behind-a-lost-one", fails: "suffix-order-through-failure", caps: suffixCaps, spoil: resend(errLost, 1)},
	{name: "goes-on-behind-a-lost-one", fails: "full-order-through-failure", spoil: resend(errLost, 1)},
	{name: "after-a-lost-answer", fails: "no-retry", spoil: resend(errLost, 0)},
	{name: "after-a-refusal", fails: "no-retry", spoil: resend(errFailed, 0)},
}

// reconnect makes a session dial anew after a failure and take what comes.
func reconnect(t *Target, _ <-chan struct{}) {
	dial := t.Dial
	wrap(t, func(s *spoiled) {
		var failed atomic.Bool
		s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
			if failed.Swap(false) && !s.closed.Load() {
				_ = s.Session.Close(ctx)
				again, err := dial(ctx)
				if err != nil {
					return providers.Done(err)
				}
				s.Session = again
			}
			return s.Session.Send(ctx, ms)
		}
		s.wait = func(ctx context.Context, f providers.Flight, _ []providers.Message) error {
			err := f.Wait(ctx)
			failed.Store(err != nil && ctx.Err() == nil)
			return err
		}
	})
}

var wrongOutcomes = []wrong{
	{name: "late-is-fine", fails: "delivered-means-stored", spoil: wrapOutcomes(
		func(ctx context.Context, errs []error) error {
			if ctx.Err() != nil {
				return nil
			}
			return providers.Batch(errs)
		})},
	{name: "lost-is-fine", fails: "delivered-means-stored", spoil: wrapOutcomes(
		func(_ context.Context, errs []error) error {
			if last := len(errs) - 1; last > 0 && errors.Is(errs[last], errLost) {
				errs[last] = nil
			}
			return providers.Batch(errs)
		})},
	{name: "forgets-one", fails: "delivered-means-stored", caps: providers.Caps{Order: providers.Full}, spoil: forgetOne},
	{name: "skips-delivered-ones", fails: "outcome-for-each", spoil: wrapOutcomes(
		func(_ context.Context, errs []error) error {
			if slices.ContainsFunc(errs, providers.IsPermanent) {
				return providers.Batch(errs)
			}
			return providers.Batch(slices.DeleteFunc(errs, func(err error) bool { return err == nil }))
		})},
	{name: "one-refusal-for-all", fails: "outcome-for-each", spoil: wrapOutcomes(
		func(_ context.Context, errs []error) error {
			for _, err := range errs {
				if providers.IsPermanent(err) {
					return err
				}
			}
			return providers.Batch(errs)
		})},
	{name: "marks-all", fails: "unsent-means-not-stored", spoil: wrapOutcomes(
		func(_ context.Context, errs []error) error {
			for i, err := range errs {
				if unsettled(err) {
					errs[i] = providers.Unsent(err)
				}
			}
			return providers.Batch(errs)
		})},
	{name: "refuses-neighbours", fails: "refusal-is-alone", spoil: refuseNeighbours},
	{name: "takes-it-for-retryable", fails: "refusal-is-alone", spoil: wrapOutcomes(
		func(_ context.Context, errs []error) error {
			for i, err := range errs {
				if providers.IsPermanent(err) {
					errs[i] = errWrong
				}
			}
			return providers.Batch(errs)
		})},
	{name: "nil-after-close", fails: "send-returns-a-flight", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
				if s.closed.Load() {
					return nil
				}
				return s.Session.Send(ctx, ms)
			}
		})
	}},
	{name: "nil-after-ctx", fails: "send-returns-a-flight", spoil: func(t *Target, _ <-chan struct{}) {
		wrap(t, func(s *spoiled) {
			s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
				if ctx.Err() != nil {
					return nil
				}
				return s.Session.Send(ctx, ms)
			}
		})
	}},
}

// forgetOne never writes one message and says nothing of it.
func forgetOne(t *Target, _ <-chan struct{}) {
	wrap(t, func(s *spoiled) {
		s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
			ms = slices.DeleteFunc(slices.Clone(ms), func(m providers.Message) bool { return m.ID == "a-7" })
			return s.Session.Send(ctx, ms)
		}
	})
}

// refuseNeighbours does not send what stands behind a refused message in its flight, and calls it refused too.
func refuseNeighbours(t *Target, _ <-chan struct{}) {
	var mu sync.Mutex
	refused := map[string]bool{}
	script := t.Far.Refuse
	t.Far.Refuse = func(id string) {
		mu.Lock()
		defer mu.Unlock()
		refused[id] = true
		script(id)
	}
	behind := func(ms []providers.Message) int {
		mu.Lock()
		defer mu.Unlock()
		i := slices.IndexFunc(ms, func(m providers.Message) bool { return refused[m.ID] })
		if i < 0 {
			return len(ms)
		}
		return i + 1
	}
	wrap(t, func(s *spoiled) {
		s.send = func(ctx context.Context, ms []providers.Message) providers.Flight {
			return s.Session.Send(ctx, ms[:behind(ms)])
		}
		s.wait = func(ctx context.Context, f providers.Flight, ms []providers.Message) error {
			sent := behind(ms)
			errs := outcomes(f.Wait(ctx), sent)
			for range ms[sent:] {
				errs = append(errs, providers.Permanent(errWrong))
			}
			return providers.Batch(errs)
		}
	})
}
