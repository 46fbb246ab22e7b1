package journal

import (
	"errors"
	"fmt"

	"github.com/evhub/evhub/internal/journal/segment"
)

// log checks the segments of the log, in order.
func (c *check) log() error {
	fresh := &Journal{o: c.j.o, fs: c.j.fs, log: c.j.log, readOnly: true, id: c.j.id}
	segments, unreadable, err := fresh.survey()
	if err != nil {
		return err
	}
	if n := fresh.recovery.ForeignSegments; n > 0 {
		c.found(FoundForeign, logDir, 0, fmt.Sprintf("%d segments of other journals, or copies; the logger was told which", n),
			"the next start moves them to quarantine; drain them with the journal that they are of")
	}
	for _, f := range unreadable {
		c.found(FoundHeader, logPath(f.name), 0, "neither a header nor a frame in it is good",
			"if it ever held records that are needed, they are lost; the next start removes it or moves it to quarantine")
	}
	end := uint64(0)
	for i, f := range segments {
		if c.isMissing(f, end) {
			c.found(FoundMissing, logPath(f.name), 0, fmt.Sprintf("records between %d and %d that are needed are gone: a segment is missing",
				end+1, f.first-1), "they are counted as lost when they should be delivered; put the file back if there is a copy")
		}
		before := c.Check
		last, err := c.segment(f, segments[i+1:])
		if errors.Is(err, errMoved) { // meanwhile: what is needed of it is elsewhere
			c.Check, last, err = before, lastSeq(f, segments[i+1:]), nil
		}
		if err != nil {
			return err
		}
		end = max(end, last)
	}
	return nil
}

// isMissing reports whether a record that is needed was between the Seq end and segment f. What another process has
// delivered by now is not.
func (c *check) isMissing(f *found, end uint64) bool {
	c.j.mu.Lock()
	missing := c.j.isMissing(f, end)
	c.j.mu.Unlock()
	if !missing {
		return false
	}
	now, err := readCursors(c.j.fs)
	for _, m := range f.before {
		if m.newest <= end || m.newest >= f.first {
			continue
		}
		for _, d := range c.j.Destinations() {
			slot, _, ok := now.newest(d.Number, identityTag(c.j.id, d.Name))
			if d.Number == m.number && (err != nil || !ok || m.newest > slot.done.Seq) {
				return true
			}
		}
	}
	return false
}

// segment checks one and returns the last Seq that counts in it.
func (c *check) segment(f *found, behind []*found) (end uint64, err error) {
	c.Segments++
	name := logPath(f.name)
	if f.headerLost {
		c.found(FoundHeader, name, 0, "the header is damaged", "nothing: its frames can be read without")
	}
	if f.table == nil {
		c.found(FoundTable, name, segment.HeaderSize, "the first table is damaged", "nothing: a later one says the same")
	}
	last := lastSeq(f, behind)
	seen := f.first - 1
	count := map[uint32]Totals{}
	err = c.frames(name, f.logSegment, func(frame segment.Frame) {
		switch frame.Kind {
		case segment.Event:
			if frame.Seq <= seen || frame.Seq > last {
				return // there already, or written again into the next segment
			}
			if frame.Seq != seen+1 && !f.rewritten {
				c.found(FoundMissing, name, frame.Offset, fmt.Sprintf("records %d to %d are missing before it", seen+1, frame.Seq-1),
					"they are counted as lost when they should be delivered")
			}
			seen = frame.Seq
			c.record(name, frame, count)
		case segment.Table:
			if _, err := decodeTable(frame.Payload); err != nil {
				c.found(FoundTable, name, frame.Offset, "a table makes no sense", "nothing: a later one says the same")
			}
		case segment.End:
			if !f.rewritten && frame.Seq > seen && frame.Seq <= last {
				c.found(FoundMissing, name, frame.Offset, fmt.Sprintf("records %d to %d are missing before it", seen+1, frame.Seq),
					"they are counted as lost when they should be delivered")
			}
		default:
			if !frame.Kind.Skippable() {
				c.found(FoundForeign, name, frame.Offset, fmt.Sprintf("a frame of kind %d, which this evhub does not know", frame.Kind),
					"use the evhub that wrote it, or a newer one")
			}
		}
	})
	if err == nil && len(behind) > 0 {
		c.compare(f, behind[0], count)
	}
	return seen, err
}

func (c *check) record(name string, frame segment.Frame, count map[uint32]Totals) {
	packed, data, ok := splitPayload(frame.Payload)
	if !ok {
		c.found(FoundDamage, name, frame.Offset, fmt.Sprintf("record %d has no destinations, though its checksums are right", frame.Seq),
			"it is passed over; tell the authors of evhub")
		return
	}
	one := Totals{1, uint64(len(data))}
	c.Records = c.Records.Plus(one)
	for _, n := range unpack(packed) {
		count[n] = count[n].Plus(one)
	}
}

// compare checks what the table of the next segment says was accepted in this one.
func (c *check) compare(f, next *found, count map[uint32]Totals) {
	gap := f.sealed && f.endSeq+1 < next.first
	if f.rewritten || f.table == nil || next.table == nil || gap {
		return // a rewritten one has only what was needed
	}
	for _, r := range next.table.rows {
		want := r.accepted.Minus(f.before.of(r.number).accepted)
		if got := count[r.number]; got.Events < want.Events {
			c.found(FoundCount, logPath(f.name), 0, fmt.Sprintf("%d of %d records for %s are there", got.Events, want.Events, naming(r.number, r.name)),
				"the others are counted as lost when they should be delivered")
		}
	}
}

func naming(number uint32, name string) string {
	if name == "" {
		return fmt.Sprintf("#%d", number)
	}
	return name
}

// cursors checks the file of cursors.
func (c *check) cursors() error {
	pairs, err := readCursors(c.j.fs)
	if err != nil {
		return err
	}
	highest := uint64(0)
	for _, d := range c.j.Destinations() {
		slot, _, ok := pairs.newest(d.Number, identityTag(c.j.id, d.Name))
		if !ok {
			c.found(FoundCursor, cursorFileName, slotOffset(d.Number, 0), "both cursors of "+naming(d.Number, d.Name)+" are damaged or missing",
				"it goes on where the newest table says, so some events are delivered again")
			continue
		}
		c.Cursors++
		highest = max(highest, slot.done.Seq)
	}
	if last := c.lastOnDisk(); highest > last && !c.inUse {
		c.found(FoundMissing, cursorFileName, 0, fmt.Sprintf("record %d was delivered, but the log ends at %d", highest, last),
			"the disk has lost what it had said to have; see whether it is failing, or has a cache that a power cut empties")
	}
	return nil
}

// lastOnDisk is the last Seq that the log itself knows of, by its records and tables.
func (c *check) lastOnDisk() uint64 {
	c.j.mu.Lock()
	defer c.j.mu.Unlock()
	last := c.j.state.last
	for _, s := range c.j.segments {
		last = max(last, s.first-min(s.first, 1))
	}
	return last
}
