package journal

import "slices"

// view is what a reader knows of a segment, and where it stands in it. It was true at one moment.
type view struct {
	segment *logSegment // nil: none comes next
	offset  int64       // where to read from
	end     int64       // what is durable ends here
	last    uint64      // the highest Seq that counts
	active  bool        // more may be appended

	accepted Totals // for the reader's number, up to here
	exact    bool   // accepted is known, and everything before is read
}

// next finds the segment that has what comes after a reader's place.
func (j *Journal) next(r *Reader) view {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.segments {
		if s.empty() || s.last <= r.seq {
			continue
		}
		v := j.viewOf(s)
		v.offset = s.find(r.seq)
		if s == r.at.segment {
			v.offset = max(v.offset, r.offset)
		}
		if s.before != nil && r.seq < s.first {
			v.accepted, v.exact = s.before.of(r.number).accepted, true
		}
		return v
	}
	return j.caughtUp(view{}, r.number)
}

// refresh looks again at a segment whose end was reached.
func (j *Journal) refresh(s *logSegment, number uint32) view {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.caughtUp(j.viewOf(s), number)
}

func (j *Journal) viewOf(s *logSegment) view {
	return view{segment: s, end: s.end, last: s.last, active: s == j.active}
}

// caughtUp adds what was accepted until now.
func (j *Journal) caughtUp(v view, number uint32) view {
	if d := j.state.find(number); d != nil {
		v.accepted, v.exact = d.accepted, true
	}
	return v
}

// vanished takes a segment out of the log whose file somebody has removed. What was in it is lost; the totals tell how
// much that is.
func (j *Journal) vanished(s *logSegment) {
	s.retire()
	if j.takeOut(s) {
		j.log.Error("journal: a segment is gone, and the records in it are lost", "segment", s.name)
	}
}

// takeOut takes s out of the log and reports whether it was there. The active segment stays.
func (j *Journal) takeOut(s *logSegment) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := slices.Index(j.segments, s)
	if i < 0 || s == j.active {
		return false
	}
	j.segments = slices.Delete(slices.Clone(j.segments), i, i+1)
	return true
}

// all returns the segments of the log; the slice does not change.
func (j *Journal) all() []*logSegment {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.segments
}

func (j *Journal) countReadError() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stats.ReadErrors++
}
