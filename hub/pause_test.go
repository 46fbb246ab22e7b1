package hub_test

import (
	"context"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
)

// paused is a session whose broker asks to wait until resumed is closed.
type paused struct {
	resumed <-chan struct{}
	stored  *int
}

func (s paused) Send(_ context.Context, ms []providers.Message) providers.Flight {
	return pausedFlight{s, len(ms)}
}

func (s paused) Close(context.Context) error { return nil }

func (s paused) Paused() bool {
	select {
	case <-s.resumed:
		return false
	default:
		return true
	}
}

type pausedFlight struct {
	paused
	n int
}

func (f pausedFlight) Wait(ctx context.Context) error {
	select {
	case <-f.resumed:
		*f.stored += f.n
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestABrokerThatAsksToWaitIsWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		resumed, stored, dials := make(chan struct{}), 0, 0
		provider := oddProvider(func(context.Context) (providers.Session, error) {
			dials++
			return paused{resumed, &stored}, nil
		})
		h, err := hub.Open(t.Context(), parse(t, `odd: {p: {name: n, delivery: {timeout: 1s}}}`), hub.WithProviders(provider))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.PutNowait(event("1")); err != nil {
			t.Fatal(err)
		}
		after(time.Hour)
		if dials != 1 {
			t.Errorf("%d dials while the broker asks to wait", dials)
		}
		// Another configuration need not wait: it may lead elsewhere.
		if err := h.Reload(t.Context(), parse(t, `odd: {p: {name: n, delivery: {timeout: 2s}}}`)); err != nil {
			t.Fatal(err)
		}
		after(time.Minute)
		if dials != 2 {
			t.Errorf("%d dials after a reload", dials)
		}
		close(resumed)
		if err := h.Close(within(t, time.Minute)); err != nil || stored != 1 {
			t.Errorf("Close: %v; %d stored", err, stored)
		}
	})
}
