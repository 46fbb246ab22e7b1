package rabbitmq

import (
	"context"
	"fmt"

	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/bench/hubs"
	"github.com/evhub/evhub/bench/load"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/amqp"
)

// Bare makes evhub send what the other clients send: the body, without the event's attributes in headers.
const Bare = "headers: false, format: raw"

// Evhub is a hub with one destination. settings are further keys of its entry in the acct file.
func Evhub(name string, way hubs.Way, settings string, body func([]byte) any) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(ctx context.Context, t harness.Task) (harness.Publisher, error) {
		entry := fmt.Sprintf("routing_key: %s, connection: {url: %q}", t.Target, t.Address)
		if settings != "" {
			entry += ", " + settings
		}
		return hubs.Open(ctx, t, hubs.Setup{
			File: fmt.Sprintf("amqp:\n- %q: {%s}\n", load.Pattern, entry),
			Way:  way, Body: body, Providers: []providers.Provider{amqp.Provider()},
		})
	}}
}
