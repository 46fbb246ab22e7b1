package memory

import (
	"context"

	"github.com/evhub/evhub/providers"
)

// Queue is the reader's end of one routing key. It may be taken before anything is stored.
type Queue struct {
	memory *Memory
	key    string
}

// Queue returns the queue of a routing key; where the destination has none, that is the event's profile.
func (m *Memory) Queue(routingKey string) *Queue { return &Queue{m, routingKey} }

// Get removes the oldest event and returns it. It waits for one until ctx ends. Several callers get different events.
func (q *Queue) Get(ctx context.Context) (providers.Message, error) {
	for {
		m, ok, changed := q.take()
		if ok {
			return m, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return providers.Message{}, ctx.Err()
		}
	}
}

// take removes the oldest event. If there is none, changed is closed when something is stored.
func (q *Queue) take() (msg providers.Message, ok bool, changed <-chan struct{}) {
	m := q.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.queues[q.key]; r != nil && r.length > 0 {
		return r.pop(), true, nil
	}
	if m.changed == nil {
		m.changed = make(chan struct{})
	}
	return providers.Message{}, false, m.changed
}

// Len returns how many events wait.
func (q *Queue) Len() int {
	q.memory.mu.Lock()
	defer q.memory.mu.Unlock()
	if r := q.memory.queues[q.key]; r != nil {
		return r.length
	}
	return 0
}

// Overwritten returns how many events of this queue made room for others before anybody took them.
func (q *Queue) Overwritten() uint64 {
	q.memory.mu.Lock()
	defer q.memory.mu.Unlock()
	if r := q.memory.queues[q.key]; r != nil {
		return r.overwritten
	}
	return 0
}

// Snapshot returns the events that wait, oldest first, and leaves them in the queue. Their bodies are shared: do not
// change them.
func (q *Queue) Snapshot() []providers.Message {
	q.memory.mu.Lock()
	defer q.memory.mu.Unlock()
	r := q.memory.queues[q.key]
	if r == nil {
		return nil
	}
	events := make([]providers.Message, r.length)
	for i := range events {
		events[i] = *r.at(i)
	}
	return events
}
