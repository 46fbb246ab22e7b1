package http

import (
	"sync"

	"github.com/evhub/evhub/providers"
)

// mostBorders bounds what is remembered: of events that are dropped nobody hears again.
const mostBorders = 1000

// borders remembers the batches of a destination that a receiver may have although they failed. They are sent again
// as they were, with nothing new in them: under another Idempotency-Key no receiver would know them again.
type borders struct {
	mu     sync.Mutex // guards the field below
	failed map[string]border
}

// border is a batch that failed, by the ID of its first event.
type border struct {
	size int
	key  string
}

// split returns parts as batches: those that failed before, and whatever is between them.
func (b *borders) split(parts []part) (batches [][]part) {
	b.mu.Lock()
	defer b.mu.Unlock()
	start := 0
	for i := 0; i < len(parts); {
		old, known := b.failed[parts[i].id]
		if end := i + old.size; known && end <= len(parts) && batchKey(parts[i:end]) == old.key {
			batches = append(batches, parts[start:i], parts[i:end])
			start, i = end, end
			continue
		}
		i++
	}
	return append(batches, parts[start:])
}

// note takes down what became of a batch.
func (b *borders) note(parts []part, key string, outcome error) {
	if providers.IsUnsent(outcome) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range parts {
		delete(b.failed, p.id)
	}
	if outcome == nil || providers.IsPermanent(outcome) {
		return
	}
	if b.failed == nil || len(b.failed) >= mostBorders {
		b.failed = make(map[string]border)
	}
	b.failed[parts[0].id] = border{len(parts), key}
}
