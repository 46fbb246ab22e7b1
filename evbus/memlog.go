package evbus

import (
	"sync"
	"sync/atomic"
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
func (l *MemoryLog) Read(dst []*Record, number uint32, _ uint64, limit int, maxBytes int64) ([]*Record, error) {
	q := l.queue(number)
	q.mu.Lock()
	defer q.mu.Unlock()
	for limit > 0 && maxBytes > 0 && q.count > 0 {
		r := q.pop()
		dst = append(dst, r)
		maxBytes -= r.Size()
		limit--
	}
	return dst, nil
}

// Ack implements Log. There is nothing to do: what was read is gone.
func (l *MemoryLog) Ack(uint32, uint64) {}

// Unread implements Log.
func (l *MemoryLog) Unread(number uint32) Unread {
	q := l.queue(number)
	q.mu.Lock()
	defer q.mu.Unlock()
	p := Unread{Events: q.count, Bytes: q.bytes}
	if q.count > 0 {
		p.Oldest = q.ring[q.head].accepted
	}
	return p
}

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

// memoryQueue is a ring that grows by doubling and shrinks to nothing when it has been emptied while large.
type memoryQueue struct {
	mu    sync.Mutex // guards the fields below
	ring  []*Record
	head  int
	count int
	bytes int64
}

// keptRing is the size up to which an emptied ring is kept for reuse.
const keptRing = 4096

func (q *memoryQueue) push(r *Record) {
	if q.count == len(q.ring) {
		grown := make([]*Record, max(64, 2*len(q.ring)))
		n := copy(grown, q.ring[q.head:])
		copy(grown[n:], q.ring[:q.head])
		q.ring, q.head = grown, 0
	}
	q.ring[(q.head+q.count)&(len(q.ring)-1)] = r
	q.count++
	q.bytes += r.Size()
}

func (q *memoryQueue) pop() *Record {
	r := q.ring[q.head]
	q.ring[q.head] = nil
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.count--
	q.bytes -= r.Size()
	if q.count == 0 && len(q.ring) > keptRing {
		q.ring, q.head = nil, 0
	}
	return r
}
