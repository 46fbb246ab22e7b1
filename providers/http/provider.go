package http

import (
	"context"
	"errors"
	"os"

	"github.com/evhub/evhub/providers"
)

// shortFlight is the least limit of a flight's messages. A short one costs nothing, as the next flight is there
// already, and what is delivered is known sooner.
const shortFlight = 16

// Provider returns the provider "http". It reads RUNNER_HTTP_URL and RUNNER_HTTP_PATH of the environment for the
// entries that ask for it.
func Provider() providers.Provider { return provider(os.Getenv) }

func provider(getenv func(string) string) providers.Provider {
	return providers.Define(providers.Spec[Config]{
		Name:    "http",
		Doc:     "Sends events to an HTTP endpoint, each in a request of its own or many in one; a 2xx answer means delivered.",
		Default: defaultConfig,
		Caps:    Config.caps,
		Address: func(c Config) string {
			c, _ = c.resolve(getenv) // Open tells what is wrong
			e, err := c.endpoint()
			if err != nil {
				return "invalid url"
			}
			return e.address()
		},
		Open: func(c Config, env providers.Env) (providers.Dial, error) {
			c, namesErr := c.resolve(getenv)
			client, err := c.client(env)
			if err := errors.Join(namesErr, err); err != nil {
				return nil, err
			}
			return func(ctx context.Context) (providers.Session, error) { return client.dial(ctx) }, nil
		},
	})
}

func (c Config) caps() providers.Caps {
	caps := providers.Caps{Acked: true, Order: providers.Full}
	if batchForm(c.Batch) == noBatch {
		caps.OneByOne, caps.BatchMessages = true, max(shortFlight, c.Concurrency)
	} else {
		caps.NoAttrs, caps.BatchBytes = true, int(c.BatchBytes)
	}
	if c.asRunner() {
		caps.Format = "raw"
	}
	return caps
}
