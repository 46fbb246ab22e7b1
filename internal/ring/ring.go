// Package ring is a queue in a ring of memory.
package ring

// Ring is a first-in, first-out queue that grows by doubling and gives its memory back when it has been emptied while
// large. The zero value is empty. It is not safe for concurrent use.
type Ring[T any] struct {
	items []T
	head  int
	count int
}

// kept is the size up to which the memory of an empty ring is kept for reuse.
const kept = 4096

// Len returns how many items there are.
func (r *Ring[T]) Len() int { return r.count }

// Push appends an item.
func (r *Ring[T]) Push(item T) {
	if r.count == len(r.items) {
		r.grow()
	}
	r.items[(r.head+r.count)&(len(r.items)-1)] = item
	r.count++
}

func (r *Ring[T]) grow() {
	grown := make([]T, max(64, 2*len(r.items)))
	n := copy(grown, r.items[r.head:])
	copy(grown[n:], r.items[:r.head])
	r.items, r.head = grown, 0
}

// Front returns the oldest item; there must be one.
func (r *Ring[T]) Front() T { return r.items[r.head] }

// Pop removes the oldest item and returns it; there must be one.
func (r *Ring[T]) Pop() T {
	var none T
	item := r.items[r.head]
	r.items[r.head] = none
	r.head = (r.head + 1) & (len(r.items) - 1)
	r.count--
	if r.count == 0 && len(r.items) > kept {
		r.items, r.head = nil, 0
	}
	return item
}
