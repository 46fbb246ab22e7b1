package http_test

import (
	"net/http"
	"testing"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
	"github.com/evhub/evhub/providers/providertest"
)

func TestContract(t *testing.T) {
	signed := func(c *evhttp.Config) { c.HMAC.Secret = providers.NewSecret("hunter2") }
	for name, mode := range map[string]struct {
		order providers.Ordering
		set   configure
	}{
		"ordered":    {providers.OrderKey, signed},
		"concurrent": {providers.OrderNone, signed},
		"outputs": {providers.OrderKey, func(c *evhttp.Config) {
			c.Outputs = evhttp.Outputs{{Name: "id", Value: "$.id"}, {Name: "pad", Value: "$.pad"}}
		}},
		"array":             {providers.OrderKey, func(c *evhttp.Config) { c.Batch = "array" }},
		"lines":             {providers.OrderKey, func(c *evhttp.Config) { c.Batch = "ndjson" }},
		"array, concurrent": {providers.OrderNone, func(c *evhttp.Config) { c.Batch = "array" }},
	} {
		t.Run(name, func(t *testing.T) {
			providertest.Run(t, func(t *testing.T) providertest.Target { return target(t, mode.order, mode.set) })
		})
	}
}

func target(t *testing.T, order providers.Ordering, set configure) providertest.Target {
	far := newReceiver(t)
	conn := connection(t, func(c *evhttp.Config) {
		c.URL = far.server.URL
		set(c)
	})
	dial, err := conn.Open(environment(order))
	if err != nil {
		t.Fatal(err)
	}
	caps := conn.Caps
	if order == providers.OrderNone {
		caps.Order = providers.None
	}
	return providertest.Target{Dial: dial, Caps: caps, Far: providertest.FarEnd{
		Received:    far.received,
		Refuse:      func(id string) { far.script(id, far.refuse(id)) },
		Fail:        func(id string) { far.script(id, answering(http.StatusServiceUnavailable)) },
		LoseAnswer:  func(id string) { far.script(id, far.storeAndHangUp) },
		LoseMessage: func(id string) { far.script(id, hangUp) },
		Stall:       far.stall,
		Cut:         far.server.CloseClientConnections,
		Connections: far.connections,
	}}
}
