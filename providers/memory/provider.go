package memory

import (
	"context"
	"errors"

	"github.com/evhub/evhub/providers"
)

// Config is one entry of the acct file; its keys stand directly under the pattern.
type Config struct {
	RoutingKey string         `yaml:"routing_key" doc:"The queue to store events in. Empty: the one that is named like the event's profile."`
	Keep       int            `yaml:"keep" doc:"How many events a queue holds; a new one then overwrites the oldest."`
	KeepBytes  providers.Size `yaml:"keep_bytes" doc:"How many bytes of bodies a queue holds; the newest event is held whatever its size."`
}

// Provider returns the provider "memory" with a store of its own, which nobody reads: it stands in for a destination.
// To read, take the Provider of a [Memory].
func Provider() providers.Provider { return New().Provider() }

// Provider returns the provider "memory", alias "internal", whose destinations store in m.
func (m *Memory) Provider() providers.Provider {
	return providers.Define(providers.Spec[Config]{
		Name:    "memory",
		Aliases: []string{"internal"},
		Doc:     "Keeps the last events in queues of the process, by routing key; stored means delivered.",
		Default: func() Config { return Config{Keep: DefaultKeep, KeepBytes: DefaultKeepBytes} },
		Caps:    func(Config) providers.Caps { return providers.Caps{Acked: true, Order: providers.Full} },
		Address: func(c Config) string { return c.RoutingKey },
		Open: func(c Config, _ providers.Env) (providers.Dial, error) {
			if err := c.check(); err != nil {
				return nil, err
			}
			return func(context.Context) (providers.Session, error) {
				return &session{memory: m, config: c}, nil
			}, nil
		},
	})
}

func (c Config) check() error {
	var errs []error
	if c.Keep < 1 {
		errs = append(errs, providers.Invalid("keep", "must be 1 or more"))
	}
	if c.KeepBytes < 1 {
		errs = append(errs, providers.Invalid("keep_bytes", "must be more than 0"))
	}
	return errors.Join(errs...)
}
