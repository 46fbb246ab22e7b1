package journal

import (
	"fmt"
	"slices"

	"github.com/evhub/evhub/internal/journal/segment"
)

// segmentCheck is the check of one segment of the log.
type segmentCheck struct {
	c       *check
	f       *found
	name    string
	last    uint64 // the highest Seq that counts
	seen    uint64 // the highest Seq so far
	end     int64  // of the record before
	count   map[uint32]Totals
	missing []hole
	sure    int64 // what is missing before this offset is known
}

// hole is where records are missing: between two offsets.
type hole struct {
	gap
	start, end int64
	told       bool
}

// segment checks one and returns the last Seq that counts in it, or the last one before a torn tail.
func (c *check) segment(f *found, behind []*found) (end uint64, err error) {
	c.Segments++
	s := &segmentCheck{
		c: c, f: f, name: logPath(f.name), last: lastSeq(f, behind), seen: f.first - 1,
		end: segment.HeaderSize, count: map[uint32]Totals{},
	}
	if f.headerLost {
		c.found(FoundHeader, s.name, 0, "the header is damaged", "nothing is lost: the frames can be read without it")
	}
	if f.table == nil {
		c.found(FoundTable, s.name, segment.HeaderSize, "the first table is damaged", "nothing is lost: a later one says the same")
	}
	before := len(c.Findings)
	bad, err := c.frames(s.name, f.logSegment, s.frame)
	s.tell(bad, len(behind) == 0)
	told := slices.ContainsFunc(c.Findings[before:], func(f Finding) bool { return !f.Harmless() })
	if err == nil && len(behind) > 0 && !told { // else it is told already what is missing
		c.compare(f, behind[0], s.seen, s.count)
	}
	return s.seen, err
}

func (s *segmentCheck) frame(frame segment.Frame) {
	switch frame.Kind {
	case segment.Event:
		if frame.Seq <= s.seen || frame.Seq > s.last {
			return // there already, or written again into the next segment
		}
		s.miss(frame.Seq-1, frame.Offset)
		s.seen, s.end = frame.Seq, frame.End()
		s.c.record(s.name, frame, s.count)
	case segment.Table:
		t, err := decodeTable(frame.Payload)
		if err != nil {
			s.c.found(FoundTable, s.name, frame.Offset, "a table makes no sense", "nothing is lost: a later one says the same")
			return
		}
		s.miss(min(t.last, s.last), frame.Offset)
	case segment.End:
		s.miss(min(frame.Seq, s.last), frame.Offset)
	default:
		if !frame.Kind.Skippable() {
			s.c.found(FoundForeign, s.name, frame.Offset, fmt.Sprintf("a frame of kind %d, which this evhub does not know", frame.Kind),
				"use the evhub that wrote it, or a newer one")
		}
	}
}

// miss notes that the Seqs up to to should be before an offset. A rewritten segment has only what was needed.
func (s *segmentCheck) miss(to uint64, offset int64) {
	if s.f.rewritten {
		return
	}
	s.sure = offset
	if to > s.seen {
		s.missing = append(s.missing, hole{gap: gap{s.seen + 1, to}, start: s.end, end: offset})
		s.seen = to
	}
}

// tell tells of bad ranges, each with the records that were in it, and of records that are missing without one. If the
// segment is the last one before an end that is missing, that is told, and with it of bad bytes that are of it.
func (s *segmentCheck) tell(bad []badRange, newest bool) {
	bad = s.withoutTorn(bad, newest)
	cut := newest && s.f.first <= s.c.j.ending.from // else another process has gone on behind what is missing
	cutOff := s.f.size
	for _, r := range bad {
		m := s.holeAt(r.Offset)
		switch {
		case m != nil:
			m.told = true
			s.c.bad(s.name, r, ": "+numbered(m.from, m.to)+" missing")
		case cut && r.Offset >= s.sure:
			cutOff = min(cutOff, r.Offset)
		case r.Offset >= s.sure || s.f.rewritten:
			s.c.bad(s.name, r, "")
		case s.isClosingTable(r):
			s.c.found(FoundTorn, s.name, r.Offset, fmt.Sprintf("%d bytes hold no good frame; no record is missing: the machine stopped "+
				"while the segment was ended", r.Length), "nothing is lost: it was the table that the next segment begins with")
		case r.Offset != segment.HeaderSize || s.f.table != nil: // else it is the first table, which is told
			s.c.found(FoundTable, s.name, r.Offset, fmt.Sprintf("%d bytes hold no good frame; no record is missing", r.Length),
				"nothing is lost. See whether the disk is failing")
		}
	}
	for _, m := range s.missing {
		if !m.told {
			s.c.found(FoundMissing, s.name, m.end, numbered(m.from, m.to)+" missing before it", "they are counted as lost when they should be delivered")
		}
	}
	if cut {
		s.c.ending(s.name, cutOff)
	}
}

// isClosingTable reports whether a range is that of the table directly before the end. One fsync makes both durable, so a
// power cut during it may leave the end alone.
func (s *segmentCheck) isClosingTable(r badRange) bool {
	return s.f.sealed && r.End() == s.f.size-segment.FrameHeaderSize
}

// holeAt returns where records are missing around an offset, or nil.
func (s *segmentCheck) holeAt(offset int64) *hole {
	for i := range s.missing {
		if m := &s.missing[i]; offset >= m.start && offset < m.end {
			return m
		}
	}
	return nil
}

// withoutTorn tells of the rest of a group that was never acknowledged, as Open would find it, and returns what is bad
// before that. What is missing behind it is of that group, too.
func (s *segmentCheck) withoutTorn(bad []badRange, newest bool) []badRange {
	for i, r := range bad {
		seen := s.seen
		if m := s.holeAt(r.Offset); m != nil {
			seen = m.from - 1
		}
		if r.damage || newest && s.c.j.known > seen {
			bad[i].damage = true
			continue
		}
		rest := segment.Range{Offset: r.Offset, Length: bad[len(bad)-1].End() - r.Offset}
		s.c.bad(s.name, badRange{rest, false}, "")
		for n, m := range s.missing {
			if m.end > r.Offset {
				s.missing = s.missing[:n]
				break
			}
		}
		s.seen = seen // what is needed behind it is missing after all, if the segment is not the newest
		return bad[:i]
	}
	return bad
}
