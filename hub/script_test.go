package hub_test

import (
	"context"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// slow makes a hook of a script that takes d.
func slow(d time.Duration) func(context.Context, []providers.Message) error {
	return func(ctx context.Context, _ []providers.Message) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func hang(ctx context.Context, _ []providers.Message) error { return providertest.Hang(ctx) }

// stallSend makes every Send of a broker hang.
func stallSend(b *providertest.Fake) { b.Script(providertest.Script{OnSend: hang}) }

func fail(context.Context, []providers.Message) error { return errDown }

// failSend makes every send fail.
func failSend(b *providertest.Fake) { b.Script(providertest.Script{OnSend: fail}) }

// stallWait makes every Wait of a broker hang.
func stallWait(b *providertest.Fake) { b.Script(providertest.Script{OnWait: hang}) }

// dead refuses every dial.
func dead(err error) providertest.Script {
	return providertest.Script{OnDial: func(context.Context, int) error { return err }}
}

// slowPerMessage makes a hook of a script that takes d for each message.
func slowPerMessage(d time.Duration) func(context.Context, []providers.Message) error {
	return func(ctx context.Context, ms []providers.Message) error {
		return slow(time.Duration(len(ms))*d)(ctx, ms)
	}
}

// unanswered stores what arrives and never answers it.
func unanswered() providertest.Script {
	return providertest.Script{OnMessage: outcome(providertest.Hold(make(chan struct{})))}
}
