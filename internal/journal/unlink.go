package journal

import "slices"

// unlink removes the segments that hold nothing that is needed: every record in them lies at or below the fsynced
// cursor of every destination that it is for. The newest segment stays, because its table says what has become of all
// before it.
func (j *Journal) unlink() {
	if !j.compacting.TryLock() {
		return // the compactor is at work and sees to it
	}
	defer j.compacting.Unlock()
	_ = j.unlinkDone() // the compactor tries again
}

// unlinkDone does the work of unlink. The caller holds compacting.
func (j *Journal) unlinkDone() error {
	gone := j.takeDone()
	var first error
	for _, s := range gone {
		if err := j.remove(logPath(s.name)); err != nil && first == nil {
			first = err // a later Open removes it
		}
	}
	return first
}

// takeDone takes the segments out of the log that nothing needs.
func (j *Journal) takeDone() (gone []*logSegment) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	kept := make([]*logSegment, 0, len(j.segments))
	for i, s := range j.segments {
		if i == len(j.segments)-1 || s == j.active || j.isNeeded(i) {
			kept = append(kept, s)
			continue
		}
		gone = append(gone, s)
	}
	if len(gone) == 0 {
		return nil
	}
	j.segments = slices.Clip(kept)
	for _, s := range gone {
		s.retire()
	}
	j.stats.Unlinked += uint64(len(gone))
	return gone
}

// isNeeded reports whether some destination may need a record of segment i. The caller holds mu.
func (j *Journal) isNeeded(i int) bool {
	for _, d := range j.state.dests {
		if d != nil && j.needs(i, d, j.cursors.durable(d.number).Seq) {
			return true
		}
	}
	return false
}
