package amqp_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/amqp"
	"github.com/evhub/evhub/providers/amqp/internal/amqptest"
	"github.com/evhub/evhub/providers/providertest"
)

func TestContract(t *testing.T) {
	providertest.Run(t, func(t *testing.T) providertest.Target {
		far := &farEnd{broker: amqptest.Start(t), once: map[string]amqptest.Answer{}}
		far.broker.Answer(far.answer)
		dial := dialFunc(t, far.broker, 10*time.Second, fixedKey)
		return providertest.Target{
			Dial: func(ctx context.Context) (providers.Session, error) {
				s, err := dial(ctx)
				far.opened(s)
				return s, err
			},
			Caps: connection(t, fixedKey).Caps,
			Far: providertest.FarEnd{
				Received:    far.received,
				Refuse:      func(id string) { far.script(id, amqptest.Return()) },
				Fail:        func(id string) { far.script(id, amqptest.Nack()) },
				LoseAnswer:  func(id string) { far.script(id, amqptest.KeepAndCut()) },
				LoseMessage: func(id string) { far.script(id, amqptest.Cut()) },
				Stall:       far.stall,
				Block:       func() func() { return far.block(t) },
				Cut:         far.broker.Cut,
				Connections: far.broker.Connections,
			},
		}
	})
}

// farEnd is the scripted broker as the suite wants it.
type farEnd struct {
	broker *amqptest.Broker

	mu      sync.Mutex
	once    map[string]amqptest.Answer
	stalled bool
	last    providers.Session
}

func (f *farEnd) answer(m *amqptest.Message) amqptest.Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	if answer, ok := f.once[m.ID]; ok {
		delete(f.once, m.ID)
		return answer
	}
	if f.stalled {
		return amqptest.Ignore()
	}
	return amqptest.Ack()
}

func (f *farEnd) script(id string, a amqptest.Answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.once[id] = a
}

func (f *farEnd) stall() (release func()) {
	set := func(stalled bool) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.stalled = stalled
	}
	set(true)
	return func() { set(false) }
}

func (f *farEnd) opened(s providers.Session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = s
}

// block returns when the session that was opened last knows that it is blocked.
func (f *farEnd) block(t *testing.T) (release func()) {
	f.broker.Block("for the test")
	f.mu.Lock()
	s := f.last
	f.mu.Unlock()
	eventually(t, "the session is blocked", func() bool { return amqp.Blocked(s) })
	return f.broker.Unblock
}

func (f *farEnd) received() (bodies [][]byte) {
	for _, m := range f.broker.Stored() {
		bodies = append(bodies, m.Body)
	}
	return bodies
}
