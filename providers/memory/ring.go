package memory

import "github.com/evhub/evhub/providers"

// ring is a queue that overwrites its oldest element when it is full. Its buffer grows with use.
type ring struct {
	buffer        []providers.Message
	start, length int
	size          int // bytes of bodies
	used          uint64
	overwritten   uint64
}

// at returns the i-th oldest element.
func (r *ring) at(i int) *providers.Message { return &r.buffer[(r.start+i)%len(r.buffer)] }

// push appends m and drops the oldest elements until there are at most keep, of at most keepBytes unless it is one.
func (r *ring) push(m providers.Message, keep, keepBytes int) {
	r.size += len(m.Body)
	for r.length > 0 && (r.length >= keep || r.size > keepBytes) {
		r.pop()
		r.overwritten++
	}
	if r.length == len(r.buffer) {
		r.grow()
	}
	r.length++
	*r.at(r.length - 1) = m
}

// pop removes the oldest element, of which there must be one.
func (r *ring) pop() providers.Message {
	oldest := r.at(0)
	m := *oldest
	*oldest = providers.Message{}
	r.start = (r.start + 1) % len(r.buffer)
	r.length--
	r.size -= len(m.Body)
	return m
}

func (r *ring) grow() {
	buffer := make([]providers.Message, max(16, 2*len(r.buffer)))
	for i := range r.length {
		buffer[i] = *r.at(i)
	}
	r.buffer, r.start = buffer, 0
}
