package journal

import (
	"crypto/sha256"
)

// state is what follows from the log up to some point: the numbers, and what each has been given.
type state struct {
	last       uint64 // the highest Seq of a record
	nextNumber uint32
	tabled     uint32         // nextNumber by the newest table; numbers from here on had their table lost
	dests      []*destination // by number; nil: unknown or dropped
	cursors    cursorPairs    // what is in the file of cursors, while the log is read at Open
	gaps       []gap          // what is missing since the newest table, while the log is read at Open
}

// destination is a number with its identity.
type destination struct {
	number   uint32
	name     string // "" if no table could be read that has it
	tag      [16]byte
	active   bool
	accepted Totals
	newest   uint64

	// What follows is of use while the log is read at Open.
	floor  Cursor     // as far it had come at least, by some table
	oldest Cursor     // what is older than the oldest segment: settled, if nothing is missing
	slot   cursorSlot // its number's cursor, if it could be read
	behind Totals     // of the records that were seen behind its cursor
}

func (s *state) clone() *state {
	c := *s
	c.dests = make([]*destination, len(s.dests))
	for i, d := range s.dests {
		if d != nil {
			copied := *d
			c.dests[i] = &copied
		}
	}
	return &c
}

// find returns the destination with a number, or nil.
func (s *state) find(number uint32) *destination {
	if int64(number) >= int64(len(s.dests)) {
		return nil
	}
	return s.dests[number]
}

// named returns the destination with an identity, or nil. One whose name is lost is known by the tag that its cursor
// has.
func (s *state) named(name string, tag [16]byte) *destination {
	for _, d := range s.dests {
		if d != nil && (d.name == name || d.name == "" && d.tag == tag) {
			return d
		}
	}
	return nil
}

// put adds or replaces a destination.
func (s *state) put(d *destination) {
	if n := int(d.number) + 1; n > len(s.dests) {
		s.dests = append(s.dests, make([]*destination, n-len(s.dests))...)
	}
	s.dests[d.number] = d
	s.nextNumber = max(s.nextNumber, d.number+1)
}

// apply takes what a table says.
func (s *state) apply(t *table, id [16]byte) {
	s.last = max(s.last, t.last)
	s.nextNumber = max(s.nextNumber, t.nextNumber, 1)
	s.tabled = t.nextNumber
	s.gaps = nil // the totals of t have what was in them, so each reader is told how much it misses
	old := s.dests
	s.dests = nil
	for _, r := range t.rows {
		d := &destination{
			number: r.number, name: r.name, tag: identityTag(id, r.name), active: r.active,
			accepted: r.accepted, newest: r.newest, floor: r.done,
		}
		if int64(r.number) < int64(len(old)) && old[r.number] != nil {
			d.behind = old[r.number].behind
		}
		s.meet(d)
	}
}

// meet puts a destination, with what its cursor says, if it is its own: a later table may rename the number.
func (s *state) meet(d *destination) {
	d.slot, _, _ = s.cursors.newest(d.number, [16]byte{})
	s.put(d)
}

// add counts a record. It reports whether its destinations are packed as they should.
func (s *state) add(seq uint64, payload []byte) bool {
	packed, data, ok := splitPayload(payload)
	if !ok {
		return false
	}
	for len(packed) > 0 {
		var number uint32
		number, packed, _ = nextNumber(packed)
		d := s.find(number)
		if d == nil && number > 0 && number < maxStrayNumber && number >= s.tabled {
			d = &destination{number: number} // its table is lost
			s.meet(d)
		}
		if d == nil {
			continue
		}
		one := Totals{1, uint64(len(data))}
		d.accepted = d.accepted.Plus(one)
		d.newest = seq
		if seq > d.slot.done.Seq {
			d.behind = d.behind.Plus(one)
		}
	}
	s.last = max(s.last, seq)
	return true
}

// maxStrayNumber limits the memory that a record can ask for whose numbers no table has.
const maxStrayNumber = 1 << 20

// table describes the state; cursor says where each destination has come to.
func (s *state) table(cursor func(number uint32) Cursor) *table {
	t := &table{last: s.last, nextNumber: max(s.nextNumber, 1)}
	for _, d := range s.dests {
		if d == nil {
			continue
		}
		t.rows = append(t.rows, row{
			number: d.number, name: d.name, active: d.active, accepted: d.accepted, newest: d.newest,
			done: cursor(d.number),
		})
	}
	return t
}

// identityTag is what a cursor carries of the identity that it belongs to, so that neither the cursors of another
// journal are believed nor a number is lost with the tables that name it.
// A name that is lost has none.
func identityTag(journal [16]byte, name string) [16]byte {
	if name == "" {
		return [16]byte{}
	}
	sum := sha256.Sum256(append(journal[:], name...))
	return [16]byte(sum[:16])
}
