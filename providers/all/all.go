// Package all lists the providers that come with evhub: one line each.
package all

import (
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/amqp"
	"github.com/evhub/evhub/providers/console"
	"github.com/evhub/evhub/providers/file"
	"github.com/evhub/evhub/providers/http"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/evhub/evhub/providers/memory"
	"github.com/evhub/evhub/providers/nats"
	"github.com/evhub/evhub/providers/zeromq"
)

// Providers returns every provider that needs no permission of its own, for hub.WithProviders.
func Providers() []providers.Provider {
	return []providers.Provider{
		kafka.Provider(),
		amqp.Provider(),
		nats.Provider(),
		http.Provider(),
		file.Provider(),
		console.Provider(),
		memory.Provider(),
		zeromq.Provider(),
	}
}
