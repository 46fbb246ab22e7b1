package kafka_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/evhub/evhub/providers/kafka/internal/brokertest"
	"github.com/evhub/evhub/providers/providertest"
)

// faults scripts a cluster message by message.
type faults struct {
	silent atomic.Bool

	mu   sync.Mutex
	plan map[string]brokertest.Reply // by message id, once
}

func (f *faults) once(r brokertest.Reply) func(id string) {
	return func(id string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.plan[id] = r
	}
}

// hold makes the brokers store what comes and say nothing.
func (f *faults) hold() (release func()) {
	f.silent.Store(true)
	return func() { f.silent.Store(false) }
}

func (f *faults) reply(b brokertest.Batch) brokertest.Reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	for place, id := range b.IDs {
		if r, ok := f.plan[id]; ok {
			delete(f.plan, id)
			if r.Code == invalidRecord {
				r.Refused = []int32{int32(place)}
			}
			return r
		}
	}
	return brokertest.Reply{Silent: f.silent.Load()}
}

// Codes of the protocol.
const (
	notAllowed    = 29
	invalidRecord = 87
)

func TestContract(t *testing.T) {
	for name, set := range map[string]func(*kafka.Config){
		"acks all": nil,
		"acks 1":   func(c *kafka.Config) { c.Connection.Acks = kafka.AcksLeader },
		"acks 0":   func(c *kafka.Config) { c.Connection.Acks = kafka.AcksNone },
		"profiles": func(c *kafka.Config) { c.Topics = nil },
		"gzip":     func(c *kafka.Config) { c.Connection.CompressionType = "gzip" },
	} {
		t.Run(name, func(t *testing.T) {
			providertest.Run(t, func(t *testing.T) providertest.Target { return target(t, set) })
		})
	}
}

func target(t *testing.T, set func(*kafka.Config)) providertest.Target {
	c := brokertest.New(t, 2)
	c.AutoCreate = 3
	c.Create("events", 3)
	f := &faults{plan: make(map[string]brokertest.Reply)}
	c.Script = f.reply
	var acks kafka.Acks
	var caps providers.Caps
	dial := dialer(t, c, func(config *kafka.Config) {
		if set != nil {
			set(config)
		}
		acks = config.Connection.Acks
	})
	caps = configured(t, func(config *kafka.Config) { config.Connection.Acks = acks })[0].Caps
	far := providertest.FarEnd{
		Received: func() (bodies [][]byte) {
			for _, v := range slices.Concat(c.All()...) {
				bodies = append(bodies, []byte(v))
			}
			return bodies
		},
		Stall: f.hold, Cut: c.Hangup, Connections: c.Connections,
	}
	if acks != kafka.AcksNone {
		far.Refuse = f.once(brokertest.Reply{Code: invalidRecord})
		far.Fail = f.once(brokertest.Reply{Code: notAllowed})
		far.LoseAnswer = f.once(brokertest.Reply{Hangup: true, Store: true})
		far.LoseMessage = f.once(brokertest.Reply{Hangup: true, Code: notAllowed})
	}
	return providertest.Target{Dial: dial, Caps: caps, Far: far}
}
