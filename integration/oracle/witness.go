package oracle

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
)

// Witness watches one destination for an oracle. It may be used concurrently, as long as the deliveries of one key
// are observed in their order.
type Witness struct {
	oracle *Oracle
	name   string

	mu      sync.Mutex // guards the fields below
	seen    map[string]int
	last    map[string]int // the highest Seq of each key so far
	verdict Verdict
}

// Witness returns a new witness for the destination called name, which appears in the verdict.
func (o *Oracle) Witness(name string) *Witness {
	return &Witness{oracle: o, name: name, seen: map[string]int{}, last: map[string]int{}}
}

// Observe takes the body of a delivered message: one that the oracle minted, alone, or as "message" in the form
// that Idem sends.
func (w *Witness) Observe(payload []byte) {
	e, whole, err := identify(unwrap(payload))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.verdict.Deliveries++
	switch {
	case err != nil:
		w.verdict.Corrupt = append(w.verdict.Corrupt, string(payload))
		return
	case !w.oracle.mayCome(e.ID):
		w.verdict.Spurious = append(w.verdict.Spurious, e.ID)
		return
	case !whole:
		w.verdict.Corrupt = append(w.verdict.Corrupt, e.ID)
		return
	}
	w.seen[e.ID]++
	if w.seen[e.ID] > 1 {
		w.verdict.Duplicates = append(w.verdict.Duplicates, e.ID)
		return
	}
	if last, ok := w.last[e.Key]; ok && e.Seq < last {
		w.verdict.Inversions = append(w.verdict.Inversions, e.ID)
		return
	}
	w.last[e.Key] = e.Seq
}

// unwrap takes the event's body out of Idem's envelope.
func unwrap(payload []byte) []byte {
	var envelope struct{ Message json.RawMessage }
	if json.Unmarshal(payload, &envelope) == nil && envelope.Message != nil {
		return envelope.Message
	}
	return payload
}

// Saw reports whether an event came, and came whole.
func (w *Witness) Saw(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[id] > 0
}

// Distinct is how many events came.
func (w *Witness) Distinct() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}

// Duplicates is how many deliveries there were beside the first of each event.
func (w *Witness) Duplicates() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.verdict.Duplicates)
}

// Seen are the ids of the events that came, in no order.
func (w *Witness) Seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.seen))
}

// Complete reports whether every event accepted so far was seen.
func (w *Witness) Complete() bool { return len(w.Verdict().Missing) == 0 }

// Verdict compares what was seen with what was accepted, both as of now.
func (w *Witness) Verdict() Verdict {
	must := w.oracle.AcceptedIDs()
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.verdict
	v.Destination, v.Accepted = w.name, len(must)
	for _, id := range must {
		if w.seen[id] == 0 {
			v.Missing = append(v.Missing, id)
		}
	}
	return v
}
