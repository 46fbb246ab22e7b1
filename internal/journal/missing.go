package journal

import "slices"

// gap is a range of Seqs that were acknowledged, and whose records the log does not have.
type gap struct{ from, to uint64 }

// behind is how many Seqs of some gaps are above seq.
func behind(gaps []gap, seq uint64) (n uint64) {
	for _, g := range gaps {
		if g.to > seq {
			n += g.to - max(g.from-1, seq)
		}
	}
	return n
}

// prove finds out how far the log has to reach. Who only looks asks before the log is read: the process that has the
// journal open may append, and say so, meanwhile.
func (j *Journal) prove() error {
	j.proven = 1<<64 - 1
	if !j.readOnly {
		return nil
	}
	pairs, err := readCursors(j.fs)
	j.proven = pairs.highest(identityTag(j.id, endName))
	return err
}

// noteEnding notes that the log ends at a Seq and has to reach to another one. What is older than the oldest segment was
// unlinked because nobody needed it, also if that one cannot be read.
func (j *Journal) noteEnding(end, proven uint64, unreadable []*found) {
	if len(j.segments) == 0 && len(unreadable) > 0 {
		end = max(end, unreadable[0].first-min(unreadable[0].first, 1))
	}
	if proven > end {
		j.ending = gap{end + 1, proven}
		j.state.gaps = append(j.state.gaps, j.ending)
	}
}

// noteUntabled notes what is not there before segment f if the table of f is lost: without it nobody knows whether that was
// settled and unlinked, or has gone.
func (j *Journal) noteUntabled(f *found) {
	if f.table == nil && f.first > j.state.last+1 && j.state.last > 0 {
		j.state.gaps = append(j.state.gaps, gap{j.state.last + 1, f.first - 1})
	}
}

// countMissed finds out which destinations may need what is missing: no table says for whom it was. One that was not
// configured when the last table before it was written was given nothing since; but at the end of the log there may have
// been a table by which it was.
func (j *Journal) countMissed() {
	j.inactiveMisses = map[uint32]uint64{}
	for _, d := range j.state.dests {
		if d == nil {
			continue
		}
		cursor := j.cursors.get(d.number).Seq
		if d.name != "" && !d.active {
			if n := behind([]gap{j.ending}, cursor); n > 0 {
				j.inactiveMisses[d.number] = n
			}
			continue
		}
		if n := behind(j.state.gaps, cursor); n > 0 {
			j.recovery.MissedRecords = max(j.recovery.MissedRecords, n)
			j.recovery.MissedBy = append(j.recovery.MissedBy, d.number)
		}
	}
	if n := len(j.state.gaps); n > 0 {
		j.missedUpTo = j.state.gaps[n-1].to
	}
}

// Missed is what Open found missing of the log and no table tells the destinations of: for whom each record was is lost
// with it.
type Missed struct {
	// Records is how many there are that some destination may still need.
	Records uint64
	// Destinations are those that may need some of them, by rising number.
	Destinations []Destination
	// Inactive are others that may, if they were configured by a table that is missing, too.
	Inactive []Destination
}

// Missed returns what Recovery says of missed records, with the destinations as they are now: one that was not
// configured, and is by now, may need some, too.
func (j *Journal) Missed() Missed {
	m := Missed{Records: j.recovery.MissedRecords}
	for _, d := range j.Destinations() {
		n := j.inactiveMisses[d.Number]
		switch {
		case slices.Contains(j.recovery.MissedBy, d.Number):
			m.Destinations = append(m.Destinations, d)
		case n > 0 && d.Active:
			m.Records = max(m.Records, n)
			m.Destinations = append(m.Destinations, d)
		case n > 0:
			m.Inactive = append(m.Inactive, d)
		}
	}
	return m
}

// PassMissed moves the cursor of a destination that has settled all there is beyond what Open found missing, so that the
// next Open does not tell of it again.
func (j *Journal) PassMissed(number uint32) {
	misses := slices.Contains(j.recovery.MissedBy, number) || j.inactiveMisses[number] > 0
	if c := j.cursors.get(number); misses && c.Seq < j.missedUpTo {
		j.Ack(number, Cursor{Seq: j.missedUpTo, Totals: c.Totals})
	}
}
