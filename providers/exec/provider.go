package exec

import (
	"context"
	"errors"
	"time"

	"github.com/evhub/evhub/providers"
)

// Provider returns the provider "exec". It lets an acct file run any program, so that it is not among all.Providers.
func Provider() providers.Provider { return define(open) }

// Forbidden returns a provider that takes the place of "exec" where programs must not run: every entry is a mistake, and cure
// says how to allow it.
func Forbidden(cure string) providers.Provider {
	return define(func(Config, providers.Env) (providers.Dial, error) {
		return nil, providers.Invalid("command", "an acct file may not run programs; %s", cure)
	})
}

func define(open func(Config, providers.Env) (providers.Dial, error)) providers.Provider {
	return providers.Define(providers.Spec[Config]{
		Name: "exec",
		Doc: "Hands each event as a line of JSON to a program, which answers it with a line; its answer means delivered. Known only with " +
			"--allow-exec.",
		Default: func() Config { return Config{Window: 1, Grace: 5 * time.Second} },
		Caps: func(c Config) providers.Caps {
			order := providers.Full
			if c.Window > 1 {
				order = providers.Suffix // it may fail one and deliver the next
			}
			return providers.Caps{
				Acked: true, Order: order, OneByOne: true, NoAttrs: true,
				BatchMessages: max(16, c.Window), BatchBytes: 4 << 20, Window: 4,
			}
		},
		Address: Config.address,
		Open:    open,
	})
}

func open(c Config, env providers.Env) (providers.Dial, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (providers.Session, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p, err := start(c, env.Logger)
		if err != nil {
			return nil, err
		}
		s := newSession(p, c.Window)
		if err := s.ready(ctx); err != nil {
			ended, cancel := context.WithCancel(ctx)
			cancel()
			return nil, errors.Join(err, s.Close(ended))
		}
		return s, nil
	}, nil
}
