package memory_test

import (
	"testing"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/memory"
	"github.com/evhub/evhub/providers/providertest"
)

func TestContract(t *testing.T) {
	providertest.Run(t, func(t *testing.T) providertest.Target {
		m := memory.New()
		conns, err := m.Provider().Configure(entry(func(c *memory.Config) { c.RoutingKey = "queue" }))
		if err != nil {
			t.Fatal(err)
		}
		dial, err := conns[0].Open(providers.Env{})
		if err != nil {
			t.Fatal(err)
		}
		return providertest.Target{Dial: dial, Caps: conns[0].Caps, Far: providertest.FarEnd{
			Received: func() (stored [][]byte) {
				for _, msg := range m.Queue("queue").Snapshot() {
					stored = append(stored, msg.Body)
				}
				return stored
			},
		}}
	})
}
