package zeromq_test

import (
	"path/filepath"
	"testing"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
	"github.com/evhub/evhub/providers/zeromq"
)

func TestContract(t *testing.T) {
	t.Run("push", func(t *testing.T) {
		providertest.Run(t, func(t *testing.T) providertest.Target {
			far := pull().bind(t)
			target := target(t, far, func(*zeromq.Config) {})
			target.Far.LoseAnswer, target.Far.LoseMessage = far.on(loseAnswer), far.on(loseMessage)
			target.Far.Stall = far.stall
			return target
		})
	})
	t.Run("push without confirm", func(t *testing.T) {
		providertest.Run(t, func(t *testing.T) providertest.Target {
			return target(t, pull().bind(t), func(c *zeromq.Config) { c.Confirm = false })
		})
	})
	t.Run("pub connects", func(t *testing.T) {
		providertest.Run(t, func(t *testing.T) providertest.Target {
			return target(t, sub("").bind(t), func(c *zeromq.Config) { c.Socket = "pub" })
		})
	})
	t.Run("pub binds", func(t *testing.T) {
		providertest.Run(t, func(t *testing.T) providertest.Target {
			far := sub("").connect(t, filepath.Join(t.TempDir(), "s"))
			return target(t, far, func(c *zeromq.Config) { c.Socket, c.Bind, c.Topic = "pub", true, "{profile}" })
		})
	})
}

func target(t *testing.T, far *receiver, set func(*zeromq.Config)) providertest.Target {
	conn := connection(t, func(c *zeromq.Config) {
		c.Endpoints = providers.Strings{far.address}
		set(c)
	})
	dial, err := conn.Open(environment())
	if err != nil {
		t.Fatal(err)
	}
	return providertest.Target{Dial: dial, Caps: conn.Caps, Far: providertest.FarEnd{
		Received:    far.received,
		Cut:         far.cut,
		Connections: far.connections,
	}}
}
