package journal

import (
	"errors"
	"io/fs"
)

// restore makes the state of the journal from what was found: the newest table, the records behind it, the cursors.
func (j *Journal) restore(segments, unreadable []*found) error {
	pairs, err := readCursors(j.fs)
	if err != nil {
		return err
	}
	j.state.cursors = pairs
	j.known = min(j.proven, pairs.highest(identityTag(j.id, endName)))
	segments, tablesLost, err := j.replayAll(segments)
	if err != nil {
		return err
	}
	j.takeStrays(pairs, tablesLost || j.known > j.reach(segments)) // with the end of the log a table may be lost
	j.raiseFloors(segments)
	j.cursors.fs = j.fs
	j.recovery.LostCursors = j.cursors.load(&j.state, pairs, j.id)
	short := j.finishState(segments, unreadable)
	if err := j.countMissing(segments, unreadable, short); err != nil {
		return err
	}
	if j.readOnly {
		return nil
	}
	return j.cursors.open()
}

// setLimits sets the highest Seq that counts in each segment: what is said at its end, or by the next one.
func setLimits(segments []*found) {
	for i, f := range segments {
		f.last = f.endSeq
		if !f.sealed && !f.rewritten {
			f.last = 1<<64 - 1
		}
		if i+1 < len(segments) {
			f.last = min(f.last, segments[i+1].first-1)
		}
	}
}

// replayAll reads the segments from the newest first table on. The newest segment may have nothing that counts, because
// the machine stopped while it was created; then it is removed, and the one before it is the newest.
func (j *Journal) replayAll(segments []*found) (kept []*found, tablesLost bool, err error) {
	for {
		setLimits(segments)
		from, frames, err := j.replayFromTable(segments)
		if err != nil {
			return nil, false, err
		}
		if frames > 0 || len(segments) == 0 {
			return segments, j.countTables(segments, from) || len(segments) == 0, nil
		}
		newest := len(segments) - 1
		if err := j.remove(logPath(segments[newest].name)); err != nil {
			return nil, false, err
		}
		segments = segments[:newest]
	}
}

// replayFromTable reads the segments from the newest first table on, which is that of segment from. Frames is how many
// there are in the newest segment that count.
func (j *Journal) replayFromTable(segments []*found) (from, frames int, err error) {
	from = len(segments) - 1
	for from > 0 && segments[from].table == nil {
		from--
	}
	j.state = state{nextNumber: 1, cursors: j.state.cursors}
	if from >= 0 && segments[from].table != nil {
		j.state.apply(segments[from].table, j.id)
	}
	for i := max(from, 0); i < len(segments); i++ {
		if i > from {
			j.noteUntabled(segments[i])
		}
		frames, err = j.replay(segments[i], i == len(segments)-1)
		if err != nil {
			return 0, 0, err
		}
	}
	return from, frames, nil
}

// countTables counts the first tables that are lost. It reports whether one is among the newest.
func (j *Journal) countTables(segments []*found, from int) (newest bool) {
	for i, f := range segments {
		if f.table == nil && f.last >= f.first { // else it never held a record, nor was it to
			j.recovery.LostTables++
			newest = newest || i >= from
		}
	}
	return newest
}

// finishState brings together what the log and the cursors say. A disk that lied, or damage, may have left less of the
// log than of the cursors: then it is short.
func (j *Journal) finishState(segments, unreadable []*found) (short bool) {
	for _, f := range segments {
		j.segments = append(j.segments, f.logSegment)
	}
	end := j.reach(segments)
	j.seq = max(end, j.cursors.highest())
	if proven := min(j.seq, j.proven); proven > end {
		short = true
		j.recovery.LostRecords += proven - end
		j.noteEnding(end, proven, unreadable)
	}
	j.countMissed()
	j.cursors.noteEnd(j.seq)
	for _, d := range j.state.dests {
		if d == nil {
			continue
		}
		done := j.cursors.get(d.number)
		had := done.Plus(d.behind)
		if done.Seq != d.slot.done.Seq {
			had = done.Totals // behind is not counted from there
		}
		d.accepted = Totals{max(d.accepted.Events, had.Events), max(d.accepted.Bytes, had.Bytes)}
	}
	j.state.cursors, j.state.gaps = nil, nil
	return short
}

// reach is the Seq up to which the log is there.
func (j *Journal) reach(segments []*found) uint64 {
	end := j.state.last
	for _, f := range segments {
		end = max(end, f.first-min(f.first, 1))
	}
	return end
}

// raiseFloors finds out how far each destination has come at least, in case its cursor is lost: as far as any table says,
// and what is older than the oldest segment was unlinked because nobody needed it.
func (j *Journal) raiseFloors(segments []*found) {
	for i, f := range segments {
		if f.table == nil {
			continue
		}
		for _, row := range f.table.rows {
			d := j.state.find(row.number)
			if d == nil {
				continue
			}
			if i == 0 {
				d.oldest = Cursor{Seq: f.first - min(f.first, 1), Totals: row.accepted}
			}
			if row.done.Seq > d.floor.Seq {
				d.floor = row.done
			}
		}
	}
}

// takeStrays finds the numbers again whose names are lost with a table: their cursors have the tags of their names.
func (j *Journal) takeStrays(pairs cursorPairs, tablesLost bool) {
	if !tablesLost {
		return
	}
	for number := range pairs {
		slot, _, ok := pairs.newest(number, [16]byte{})
		if !ok || number == 0 || number >= maxStrayNumber {
			continue
		}
		if j.state.find(number) == nil && number >= j.state.tabled {
			j.state.meet(&destination{number: number})
		}
		if d := j.state.find(number); d != nil && d.name == "" {
			d.tag = slot.tag
		}
	}
}

// countMissing counts the gaps between segments in which records were that some destination still needs, and judges by
// them, and by whether the log is short, what can not be read.
func (j *Journal) countMissing(segments, unreadable []*found, short bool) error {
	var end uint64 // of the segment before
	for _, f := range segments {
		missing := j.isMissing(f, end)
		if missing {
			j.recovery.MissingSegments++
		}
		end = f.last
		for len(unreadable) > 0 && unreadable[0].first <= f.first {
			if err := j.judgeUnreadable(unreadable[0], missing); err != nil {
				return err
			}
			unreadable = unreadable[1:]
		}
	}
	for _, f := range unreadable {
		if err := j.judgeUnreadable(f, short || j.mayHaveHeld(f)); err != nil {
			return err
		}
	}
	return nil
}

// isMissing reports whether a needed record was between the Seq end and segment f, by what its table says.
func (j *Journal) isMissing(f *found, end uint64) bool {
	for _, m := range f.before {
		d := j.state.find(m.number)
		if d != nil && m.newest > end && m.newest < f.first && m.newest > j.cursors.get(m.number).Seq {
			return true
		}
	}
	return false
}

// replay reads the frames of a segment and brings the state up to date. The torn tail of the newest segment is cut off.
func (j *Journal) replay(f *found, newest bool) (frames int, err error) {
	file, err := f.acquire(j.fs)
	if j.readOnly && errors.Is(err, fs.ErrNotExist) {
		return 0, errMoved
	}
	if err != nil {
		return 0, err
	}
	defer f.release()
	r := replayed{segment: f, state: &j.state, id: j.id, proven: j.known, scan: f.scan(file, f.size)}
	err = r.run()
	if j.readOnly && replacedSince(file, f.seed) {
		return 0, errMoved // what was read is not of one segment
	}
	if err != nil {
		return 0, err
	}
	f.end = r.end
	if newest {
		f.last = max(r.state.last, f.first-min(f.first, 1))
	}
	j.state = *r.state
	if !newest {
		return r.frames, nil
	}
	j.recovery.LostRecords += r.lost
	if r.frames > 0 {
		j.damaged(f.logSegment, r.confirmed)
	}
	if j.recovery.TornBytes += r.torn; r.torn > 0 {
		j.log.Info("journal: a torn tail was cut off", "segment", f.name, "bytes", r.torn)
	}
	if r.frames > 0 && !f.sealed && !j.readOnly {
		f.tail = !j.truncate(f)
	}
	return r.frames, nil
}

// truncate cuts off what is behind the good frames of the newest segment, and makes durable what is not yet, because it
// counts from now on. That it fails does no harm: what is there is never read, because the next segment says where this
// one ends, and what is lost was never acknowledged.
func (j *Journal) truncate(f *found) (done bool) {
	file, err := j.fs.Open(logPath(f.name))
	if err == nil {
		defer file.Close()
		if err = file.Truncate(f.end); err == nil {
			err = file.Sync()
		}
	}
	if err != nil {
		j.log.Warn("journal: the end of a segment was not cut off", "segment", f.name, "error", err)
		return false
	}
	f.size = f.end
	return true
}
