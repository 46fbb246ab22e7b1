package journal

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Given is what one destination had and another one has now, or nobody.
type Given struct {
	Events      Totals // that waited
	DeadLetters Totals
}

// Adopt gives what waits for the destination from, which is not configured any more, to the destination to: events and
// dead letters. Nothing may be delivered from this journal meanwhile.
//
// If nothing waits for to, or it is not known, the number of from becomes its own. Else the events of from are appended
// again, for to alone, behind what waits. A crash in between loses nothing: Adopt is called again, and what it had moved
// last may be there twice. A destination whose name is lost is called #<number>.
func (j *Journal) Adopt(from, to string) (moved Given, err error) {
	if err := j.usable(); err != nil {
		return Given{}, err
	}
	if to == "" || len(to) > maxName {
		return Given{}, fmt.Errorf("journal: an identity of %d bytes", len(to))
	}
	source, err := j.orphan(from)
	if err != nil {
		return Given{}, err
	}
	letters, err := j.DeadLetters(source.Number)
	if err != nil {
		return Given{}, err
	}
	moved.DeadLetters = letters.Totals()
	target, known := j.destinationNamed(to)
	switch {
	case known && target.Number == source.Number:
		return Given{}, fmt.Errorf("journal: %s cannot adopt what is its own", to)
	case known && target.Newest > target.Done.Seq:
		moved.Events, err = j.appendAgain(source, target)
	default:
		moved.Events, err = source.waiting(), j.takeOver(source, target, to, known)
	}
	if err != nil {
		return moved, fmt.Errorf("journal: adopt %s: %w", from, err)
	}
	return moved, nil
}

// Drop gives up what waits for a destination that is not configured any more, events and dead letters, and returns how
// much that was. Its number is never used again.
func (j *Journal) Drop(name string) (Given, error) {
	if err := j.usable(); err != nil {
		return Given{}, err
	}
	d, err := j.orphan(name)
	if err != nil {
		return Given{}, err
	}
	letters, err := j.DeadLetters(d.Number)
	if err != nil {
		return Given{}, err
	}
	given := Given{d.waiting(), letters.Totals()}
	// The letters go first: after a crash in between, the destination is there to be dropped again.
	if err := letters.unlinkAll(); err != nil {
		return Given{}, fmt.Errorf("journal: drop %s: %w", name, err)
	}
	if err := j.forget(d.Number); err != nil {
		return Given{}, fmt.Errorf("journal: drop %s: %w", name, err)
	}
	return given, nil
}

// waiting is the backlog.
func (d Destination) waiting() Totals {
	if d.Newest <= d.Done.Seq {
		return Totals{}
	}
	return d.Accepted.Minus(d.Done.Totals)
}

// orphan finds a destination that is not configured.
func (j *Journal) orphan(name string) (Destination, error) {
	d, known := j.destinationNamed(name)
	switch {
	case !known:
		return Destination{}, fmt.Errorf("journal: there is no destination %q; \"evhub journal status\" lists those that are", name)
	case d.Active:
		return Destination{}, fmt.Errorf("journal: %q was configured when the journal was last used; take it out of the file and run evhub with that first", name)
	}
	return d, nil
}

// destinationNamed finds a destination by its identity, or by #<number>.
func (j *Journal) destinationNamed(name string) (Destination, bool) {
	number := uint64(0)
	if text, ok := strings.CutPrefix(name, "#"); ok {
		number, _ = strconv.ParseUint(text, 10, 32)
	}
	for _, d := range j.Destinations() {
		if d.Name == name && name != "" {
			return d, true
		}
	}
	for _, d := range j.Destinations() {
		if number != 0 && uint64(d.Number) == number {
			return d, true
		}
	}
	return Destination{}, false
}

// takeOver makes the number of source the one of the identity to. What it had as dead letters comes behind those of
// source.
func (j *Journal) takeOver(source, target Destination, to string, known bool) error {
	if known {
		if err := j.moveLetters(target.Number, source.Number); err != nil {
			return err
		}
	}
	err := j.change(func(s *state) error {
		d := s.find(source.Number)
		d.name, d.tag, d.active = to, identityTag(j.id, to), target.Active
		if known {
			s.dests[target.Number] = nil
		}
		return nil
	})
	if err == nil && known {
		j.cursors.drop(target.Number)
		j.clearLetters(target.Number)
	}
	return err
}

// forget takes a number out of the journal, and what only it needed with the next compaction.
func (j *Journal) forget(number uint32) error {
	err := j.change(func(s *state) error {
		s.dests[number] = nil
		return nil
	})
	if err != nil {
		return err
	}
	j.cursors.drop(number)
	if err := j.Compact(); err != nil {
		j.log.Warn("journal: what was dropped still takes room", "error", err)
	}
	return nil
}

const (
	adoptEvents = 1000
	adoptBytes  = 4 << 20
)

// appendAgain copies what waits for source to the end of what waits for target. Each batch is durable, and then settled
// for source, before the next one.
func (j *Journal) appendAgain(source, target Destination) (moved Totals, err error) {
	r := j.Reader(source.Number)
	defer r.Close()
	done := source.Done
	var entries []Entry
	for {
		var lost Totals
		entries, lost, err = r.Read(entries[:0], adoptEvents, adoptBytes)
		if err != nil {
			return moved, err
		}
		if len(entries) == 0 && lost == (Totals{}) {
			break
		}
		batch, totals := j.readdressed(entries, target.Number)
		if err := j.Append(batch); err != nil {
			return moved, err
		}
		moved = moved.Plus(totals)
		done.Totals = done.Plus(totals).Plus(lost)
		if n := len(entries); n > 0 {
			done.Seq = entries[n-1].Seq
			j.Ack(source.Number, done)
		}
	}
	if err := errors.Join(j.SyncCursors(), j.moveLetters(source.Number, target.Number)); err != nil {
		return moved, err
	}
	if err := j.forget(source.Number); err != nil {
		return moved, err
	}
	j.clearLetters(source.Number)
	return moved, nil
}

// readdressed makes new records of entries, for another destination.
func (j *Journal) readdressed(entries []Entry, number uint32) (batch []Record, totals Totals) {
	seq := j.LastSeq()
	for i, e := range entries {
		batch = append(batch, Record{Seq: seq + uint64(i) + 1, Destinations: []uint32{number}, Data: e.Data})
		totals = totals.Plus(Totals{1, uint64(len(e.Data))})
	}
	return batch, totals
}

// moveLetters appends the dead letters of one destination to those of another. A letter is removed when its copy is on
// disk.
func (j *Journal) moveLetters(from, to uint32) error {
	source, err := j.DeadLetters(from)
	if err != nil {
		return err
	}
	target, err := j.DeadLetters(to)
	if err != nil {
		return err
	}
	var keys []uint64
	var batch [][]byte
	size := 0
	flush := func() error {
		if _, err := target.Append(batch); err != nil {
			return err
		}
		_, err := source.Remove(keys...)
		keys, batch, size = keys[:0], batch[:0], 0
		return err
	}
	for l, err := range source.All() {
		if err != nil {
			return err
		}
		keys, batch = append(keys, l.Key), append(batch, l.Data)
		size += len(l.Data)
		if len(batch) == adoptEvents || size >= adoptBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// clearLetters removes the empty files of a number that is not used any more.
func (j *Journal) clearLetters(number uint32) {
	if d := j.dead.opened(number); d != nil {
		if err := d.unlinkAll(); err != nil {
			j.log.Warn("journal: empty files of dead letters are left", "dir", d.dir, "error", err)
		}
	}
}
