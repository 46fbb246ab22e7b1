package journal

import (
	"fmt"
	"slices"

	"github.com/evhub/evhub/internal/journal/segment"
)

// Assign returns the number of each of the identities that are configured now, in their order. One that is new gets a
// number that was never used, and is on disk with it when Assign returns. Those that are not named keep their numbers
// and their records, but are not active.
func (j *Journal) Assign(active []string) ([]uint32, error) {
	numbers := make([]uint32, len(active))
	err := j.change(func(s *state) error {
		for _, d := range s.dests {
			if d != nil {
				d.active = false
			}
		}
		for i, name := range active {
			if name == "" || len(name) > maxName {
				return fmt.Errorf("journal: an identity of %d bytes", len(name))
			}
			d := s.named(name, identityTag(j.id, name))
			if d == nil {
				d = &destination{number: s.nextNumber}
				s.put(d)
			}
			d.name, d.tag, d.active = name, identityTag(j.id, name), true
			numbers[i] = d.number
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return numbers, nil
}

// change edits the set of destinations: what edit does to a copy of the state is journalled, if it makes a difference,
// and then holds. New numbers get a cursor at the end of the log.
func (j *Journal) change(edit func(*state) error) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.usable(); err != nil {
		return err
	}
	edited := j.state.clone()
	if err := edit(edited); err != nil {
		return err
	}
	if sameNames(&j.state, edited) {
		return nil
	}
	err := j.journal(edited)
	j.noteRoom(err)
	if err != nil { // what is on disk of it is not known, so a number in it is not given to another one
		j.mu.Lock()
		j.state.nextNumber = max(j.state.nextNumber, edited.nextNumber)
		j.mu.Unlock()
	}
	return err
}

// journal makes the destinations of a new state durable, and the state the current one.
func (j *Journal) journal(edited *state) error {
	if err := j.addCursors(edited); err != nil {
		return err
	}
	old := j.swapState(edited)
	if j.writer == nil {
		err := j.begin(0) // a segment begins with the table
		if err != nil {
			j.swapState(old)
		}
		return err
	}
	payload := edited.table(j.cursors.get).encode()
	err := j.prepare(j.writer, segment.FrameSize(len(payload)))
	if err == nil {
		j.writer.Add(segment.Table, segment.First, edited.last, payload, nil)
		if err = j.writer.Sync(); err != nil {
			j.abandon(err)
		}
	}
	if err != nil {
		j.swapState(old)
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.active.end, j.active.size = j.writer.Size(), max(j.writer.Room(), j.writer.Size())
	j.moved()
	return nil
}

func (j *Journal) swapState(s *state) (old *state) {
	j.mu.Lock()
	defer j.mu.Unlock()
	previous := j.state
	j.state = *s
	return &previous
}

// addCursors gives numbers that are new a cursor that is at the end of the log, and those whose identity has changed
// one that says so. They come before the table, so that a number in a table has a cursor.
func (j *Journal) addCursors(edited *state) error {
	var fresh []cursorSlot
	for _, d := range edited.dests {
		if d == nil {
			continue
		}
		old := j.state.find(d.number)
		switch {
		case old == nil:
			fresh = append(fresh, cursorSlot{number: d.number, generation: 1, tag: d.tag, done: Cursor{Seq: j.seq}})
		case old.tag != d.tag:
			fresh = append(fresh, j.cursors.renamed(d.number, d.tag))
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return j.cursors.add(fresh)
}

// sameNames reports whether two states have the same destinations.
func sameNames(a, b *state) bool {
	return slices.EqualFunc(a.dests, b.dests, func(x, y *destination) bool {
		if x == nil || y == nil {
			return x == y
		}
		return x.name == y.name && x.active == y.active && x.tag == y.tag
	})
}
