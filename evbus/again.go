package evbus

import (
	"slices"
	"sync"
)

// again holds what has to be sent again, oldest first. All of it is older than what the log has yet to give, and newer
// than what is in the air.
//
// Only the sender adds and takes entries, but for the policy to drop what is oldest. That may drop newer events than
// those that are in the air, which are dropped as well when they come back: an old one would keep its place in the log, and
// with it the place of all that was dropped behind it, for as long as the destination is in trouble.
type again struct {
	mu      sync.Mutex // guards the fields below
	entries []entry
	evicted uint64 // the newest Seq that the policy has dropped
	session bool   // something may be in the air
}

func (a *again) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.entries)
}

// begin notes that a session is there.
func (a *again) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.session = true
}

// end notes that nothing is in the air any more. It returns the Seq up to which everything is settled, 0 if no entry tells.
func (a *again) end() (front uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.session = false
	return a.front()
}

// front is what end returns; 0 during a session. mu is held.
func (a *again) front() uint64 {
	if a.session || len(a.entries) == 0 {
		return 0
	}
	return a.entries[0].record.Seq - 1
}

// take appends to dst up to limit entries, the oldest.
func (a *again) take(dst []entry, limit int) []entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := min(limit, len(a.entries))
	dst = append(dst, a.entries[:n]...)
	a.removeFirst(n)
	return dst
}

// add puts entries, which are newer, behind the others.
func (a *again) add(entries []entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries = append(a.entries, entries...)
}

// giveBack puts entries in front, in their order; it keeps the slice. With drop those are left out, and returned, that are
// older than something that was dropped.
func (a *again) giveBack(entries []entry, drop bool) (stale []*Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !drop {
		a.evicted = 0
	}
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

// hold returns the entries for which reason has one. They stay, but are not dropped, until release is called.
func (a *again) hold(reason func(e entry) error) (held []buried) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.entries {
		e := &a.entries[i]
		if why := reason(*e); why != nil {
			held = append(held, buried{*e, why})
			e.held = true
		}
	}
	return held
}

// release removes the first n entries that are held, and lets go of the others. It returns what end does.
func (a *again) release(n int) (front uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries = slices.DeleteFunc(a.entries, func(e entry) bool {
		if e.held {
			n--
		}
		return e.held && n >= 0
	})
	for i := range a.entries {
		a.entries[i].held = false
	}
	return a.front()
}

// evict takes the oldest entry away that is not held, to be dropped; false if there is none. Front is what end returns.
func (a *again) evict() (evicted entry, front uint64, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.entries, func(e entry) bool { return !e.held })
	if i < 0 {
		return entry{}, 0, false
	}
	evicted = a.entries[i]
	a.evicted = max(a.evicted, evicted.record.Seq)
	if i == 0 {
		a.removeFirst(1)
	} else {
		a.entries = slices.Delete(a.entries, i, i+1)
	}
	return evicted, a.front(), true
}

// noteEvicted notes that seq was dropped, which was not here.
func (a *again) noteEvicted(seq uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.evicted = max(a.evicted, seq)
}

// removeFirst lets go of the first n entries. mu is held.
func (a *again) removeFirst(n int) {
	clear(a.entries[:n]) // else their memory lives as long as the others do
	if a.entries = a.entries[n:]; len(a.entries) == 0 {
		a.entries = nil
	}
}

// giveBack has entries sent again, or drops them.
func (d *Destination) giveBack(entries []entry) {
	stale := d.again.giveBack(entries, d.config.Load().Options.Delivery.OnFull == DropOldest)
	if len(stale) == 0 {
		return
	}
	for _, r := range stale {
		d.settled(1, r.Size(), 0)
	}
	d.dropped(stale)
}
