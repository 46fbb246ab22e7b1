// Package engine measures what evhub itself costs: it delivers to a destination that discards.
package engine

import (
	"context"
	"fmt"

	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/bench/hubs"
	"github.com/evhub/evhub/bench/load"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// Put is a contestant that puts events in one way, with one kind of body, for so many destinations, and delivers
// them in a format.
func Put(name string, way hubs.Way, format string, body func([]byte) any, destinations int) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(ctx context.Context, t harness.Task) (harness.Publisher, error) {
		file, brokers := "discard:\n", map[string]*providertest.Fake{}
		for i := range destinations {
			address := fmt.Sprint("broker", i)
			brokers[address] = providertest.NewDiscardingFake(providers.Caps{Acked: true, Order: providers.Full})
			file += fmt.Sprintf("- %q: {address: %s, format: %s}\n", load.Pattern, address, format)
		}
		return hubs.Open(ctx, t, hubs.Setup{
			File: file, Way: way, Body: body,
			Providers: []providers.Provider{providertest.FakeProvider("discard", brokers)},
		})
	}}
}

// Journal is a contestant that puts events in one way for one destination, with a journal.
func Journal(name string, way hubs.Way) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(ctx context.Context, t harness.Task) (harness.Publisher, error) {
		broker := providertest.NewDiscardingFake(providers.Caps{Acked: true, Order: providers.Full})
		return hubs.Open(ctx, t, hubs.Setup{
			File: fmt.Sprintf("discard:\n- %q: {address: broker, format: raw}\n", load.Pattern), Way: way, Body: hubs.Opaque,
			Providers: []providers.Provider{providertest.FakeProvider("discard", map[string]*providertest.Fake{"broker": broker})},
			Journal:   t.Dir,
		})
	}}
}
