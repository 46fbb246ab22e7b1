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
//
// A segment without its end may hold a group that failed, behind which the next segment says that it does not count. So
// it has to be gone for good before the next one goes.
func (j *Journal) unlinkDone() error {
	if err := j.removeMerged(); err != nil {
		return err // what was merged goes before the segment that stands for it
	}
	j.doomed = append(j.doomed, j.takeDone()...)
	var left []*logSegment
	var first error
	for i, s := range j.doomed {
		if j.recycle(s) {
			continue
		}
		err := j.remove(logPath(s.name))
		if err == nil && !s.sealed {
			err = j.fs.SyncDir(logDir)
		}
		if err == nil {
			continue
		}
		if first == nil {
			first = err
		}
		left = append(left, s)
		if !s.sealed {
			left = append(left, j.doomed[i+1:]...)
			break
		}
	}
	j.doomed = left
	size := int64(0)
	for _, s := range left {
		size += s.end
	}
	j.doomedSize.Store(size)
	return first
}

// takeDone takes the segments out of the log that nothing needs. One behind a segment with a tail is needed as long as
// that one is: without it a power cut could bring the tail back, and the next Open would take it for records.
func (j *Journal) takeDone() (gone []*logSegment) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	kept := make([]*logSegment, 0, len(j.segments))
	for i, s := range j.segments {
		tailed := len(kept) > 0 && kept[len(kept)-1].tail
		if i == len(j.segments)-1 || s == j.active || tailed || j.isNeeded(i) {
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
