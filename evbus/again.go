package evbus

import "sync"

// again holds what has to be sent again, oldest first. All of it is older than what the log has yet to give, and newer
// than what is in the air.
//
// The sender takes entries and gives back what has failed. Meanwhile the policy to drop what is oldest may have dropped
// newer ones. What comes back then is dropped as well: it would keep its place in the log, and with it the place of all
// that was dropped behind it, for as long as the destination is in trouble.
type again struct {
	mu      sync.Mutex // guards the fields below
	entries []entry
	evicted uint64 // the newest Seq that was dropped while nothing older was here
}

func (a *again) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.entries)
}

// take appends to dst up to limit entries, the oldest.
func (a *again) take(dst []entry, limit int) []entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := min(limit, len(a.entries))
	dst = append(dst, a.entries[:n]...)
	if a.entries = a.entries[n:]; len(a.entries) == 0 {
		a.entries = nil
	}
	return dst
}

// takeAll takes all entries.
func (a *again) takeAll() (all []entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all, a.entries = a.entries, nil
	return all
}

// giveBack puts entries in front, in their order, but for those that are to be dropped, which it returns. It keeps entries.
func (a *again) giveBack(entries []entry) (stale []*Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for n < len(entries) && entries[n].record.Seq < a.evicted {
		stale = append(stale, entries[n].record)
		n++
	}
	if entries = entries[n:]; len(entries) > 0 {
		a.entries = append(entries, a.entries...)
	}
	return stale
}

// evict takes the oldest entry away, to be dropped; nil if there is none.
func (a *again) evict() *Record {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.entries) == 0 {
		return nil
	}
	r := a.entries[0].record
	a.entries = a.entries[1:]
	return r
}

// noteEvicted notes that seq was dropped, which was not here.
func (a *again) noteEvicted(seq uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.evicted = seq
}

// front is the Seq up to which everything is settled if nothing is in the air; 0 if there are no entries that would tell.
func (a *again) front() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.entries) == 0 {
		return 0
	}
	return a.entries[0].record.Seq - 1
}

// giveBack has entries sent again, or drops them.
func (d *Destination) giveBack(entries []entry) {
	stale := d.again.giveBack(entries)
	if len(stale) == 0 {
		return
	}
	for _, r := range stale {
		d.settled(1, r.Size(), 0)
	}
	d.dropped(stale)
}
