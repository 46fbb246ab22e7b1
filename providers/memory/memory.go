package memory

import (
	"bytes"
	"slices"
	"sync"

	"github.com/evhub/evhub/providers"
)

const (
	// DefaultKeep is how many events a queue holds unless its destination says otherwise.
	DefaultKeep = 10_000
	// DefaultKeepBytes is how many bytes of bodies a queue holds unless its destination says otherwise.
	DefaultKeepBytes = 64 * providers.MiB
	// MaxQueues is how many queues a Memory holds. Profiles are named by whoever fires events, so there must be a
	// bound; the queue that was stored in the longest ago makes room for a new one.
	MaxQueues = 1000
)

// Memory is a set of queues. Its methods, and those of its queues, are safe for concurrent use.
type Memory struct {
	mu      sync.Mutex
	queues  map[string]*ring
	stores  uint64        // counts the calls of store
	changed chan struct{} // closed and replaced when something is stored; nil while nobody waits

	lost uint64 // overwritten in queues that have made room, and with them
}

// New returns a Memory without queues.
func New() *Memory { return &Memory{queues: make(map[string]*ring)} }

// store appends copies of ms.
func (m *Memory) store(c Config, ms []providers.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stores++
	for i := range ms {
		key := c.RoutingKey
		if key == "" {
			key = ms[i].Profile
		}
		r := m.ring(key)
		r.used = m.stores
		r.push(copyOf(ms[i]), c.Keep, int(c.KeepBytes))
	}
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

func copyOf(msg providers.Message) providers.Message {
	msg.Body = bytes.Clone(msg.Body)
	msg.Attrs = slices.Clone(msg.Attrs)
	return msg
}

// ring returns the ring of key. A new one may take the place of the one used longest ago.
func (m *Memory) ring(key string) *ring {
	if r := m.queues[key]; r != nil {
		return r
	}
	if len(m.queues) >= MaxQueues {
		m.evict()
	}
	r := &ring{}
	m.queues[key] = r
	return r
}

func (m *Memory) evict() {
	oldest, used := "", m.stores+1
	for key, r := range m.queues {
		if r.used < used {
			oldest, used = key, r.used
		}
	}
	r := m.queues[oldest]
	m.lost += r.overwritten + uint64(r.length)
	delete(m.queues, oldest)
}

// RoutingKeys returns the routing keys of the queues that have been stored in, sorted.
func (m *Memory) RoutingKeys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := make([]string, 0, len(m.queues))
	for key := range m.queues {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Overwritten returns how many events made room for others before anybody took them, in all queues.
func (m *Memory) Overwritten() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	total := m.lost
	for _, r := range m.queues {
		total += r.overwritten
	}
	return total
}
