package evbus

import (
	"sync"
	"sync/atomic"

	"github.com/evhub/evhub/internal/ring"
)

// MemoryLog is a Log for the life of the process. It lets go of a record once its last destination has read it: from
// then on the destinations' own flights hold it.
type MemoryLog struct {
	mu     sync.Mutex // guards growing queues
	queues atomic.Pointer[[]*memoryQueue]
}

// NewMemoryLog returns an empty log.
func NewMemoryLog() *MemoryLog {
	l := &MemoryLog{}
	l.queues.Store(&[]*memoryQueue{})
	return l
}

// Append implements Log. It never fails.
func (l *MemoryLog) Append(group []*Record) error {
	var held *memoryQueue // neighbours mostly go to the same destination: lock it once for all of them
	for _, r := range group {
		for _, number := range r.Destinations {
			if q := l.queue(number); q != held {
				if held != nil {
					held.mu.Unlock()
				}
				q.mu.Lock()
				held = q
			}
			held.push(r)
		}
	}
	if held != nil {
		held.mu.Unlock()
	}
	return nil
}

// Read implements Log.
func (l *MemoryLog) Read(dst []*Record, number uint32, limit int, maxBytes int64) ([]*Record, Lost, error) {
	q := l.queue(number)
	q.mu.Lock()
	defer q.mu.Unlock()
	for limit > 0 && maxBytes > 0 && q.ring.Len() > 0 {
		r := q.pop()
		dst = append(dst, r)
		maxBytes -= r.Size()
		limit--
	}
	return dst, Lost{}, nil
}

// Ack implements Log. There is nothing to do: what was read is gone.
func (l *MemoryLog) Ack(uint32, uint64) {}

// Unread implements Log.
func (l *MemoryLog) Unread(number uint32) Unread {
	q := l.queue(number)
	q.mu.Lock()
	defer q.mu.Unlock()
	p := Unread{Events: q.ring.Len(), Bytes: q.bytes}
	if p.Events > 0 {
		p.Oldest = q.ring.Front().accepted
	}
	return p
}

// Standing implements Log: nothing waits at the beginning.
func (l *MemoryLog) Standing(uint32) Standing { return Standing{} }

func (l *MemoryLog) queue(number uint32) *memoryQueue {
	if queues := *l.queues.Load(); int(number) < len(queues) {
		return queues[number]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	queues := append([]*memoryQueue(nil), *l.queues.Load()...)
	for len(queues) <= int(number) {
		queues = append(queues, &memoryQueue{})
	}
	l.queues.Store(&queues)
	return queues[number]
}

// memoryQueue holds what one destination has not read.
type memoryQueue struct {
	mu    sync.Mutex // guards the fields below
	ring  ring.Ring[*Record]
	bytes int64
}

func (q *memoryQueue) push(r *Record) {
	q.ring.Push(r)
	q.bytes += r.Size()
}

func (q *memoryQueue) pop() *Record {
	r := q.ring.Pop()
	q.bytes -= r.Size()
	return r
}
