package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/evhub/evhub/internal/journal/segment"
)

// log checks the segments of the log, in order.
func (c *check) log() error {
	fresh, segments, unreadable, err := c.survey()
	if err != nil {
		return err
	}
	for _, f := range fresh.foreign {
		c.foreign(f)
	}
	for _, f := range unreadable {
		c.unreadable(f)
	}
	end := uint64(0)
	for i, f := range segments {
		if c.isMissing(f, end) && !(fresh.hasMoved() && c.isElsewhere(segments[:i], f, end)) {
			what := "a segment is missing"
			if i > 0 && !segments[i-1].sealed {
				what += ", or the end of " + segments[i-1].name
			}
			c.found(FoundMissing, logPath(f.name), 0, fmt.Sprintf("records between %d and %d that are needed are gone: %s", end+1, f.first-1, what),
				"they are counted as lost when they should be delivered; put the file back if there is a copy")
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
	if len(segments) == 0 {
		c.ending(logDir, 0)
	}
	return nil
}

// survey looks at the segments as Open would find them now; fresh is as the journal would be then.
func (c *check) survey() (fresh *Journal, segments, unreadable []*found, err error) {
	for try := 1; ; try++ {
		fresh = &Journal{o: c.j.o, fs: c.j.fs, log: slog.New(slog.DiscardHandler), readOnly: true, id: c.j.id}
		segments, unreadable, err = fresh.survey()
		if !errors.Is(err, errMoved) || try == maxMoved {
			return fresh, segments, unreadable, err
		}
	}
}

// isElsewhere reports whether what was between the Seq end and segment f is in none of the segments before because another
// process has merged some of them while they were looked at. Then a newer one has it.
func (c *check) isElsewhere(before []*found, f *found, end uint64) bool {
	_, segments, _, err := c.survey()
	if err != nil {
		return false
	}
	for i, g := range segments {
		isNew := !slices.ContainsFunc(before, func(b *found) bool { return b.seed == g.seed })
		if isNew && g.first < f.first {
			end = max(end, lastSeq(g, segments[i+1:]))
		}
	}
	return !c.isMissing(f, end)
}

// unreadable tells of a segment as Open has judged it.
func (c *check) unreadable(f *found) {
	name, what := logPath(f.name), "neither a header nor a frame in it is good"
	if slices.ContainsFunc(c.j.foreign, func(g foreign) bool { return g.name == f.name }) {
		c.found(FoundDamage, name, 0, what, "the records that it held are lost; the next start moves it to quarantine. See whether the disk is failing")
		return
	}
	c.found(FoundLeftOver, name, 0, what+", and nothing is missing: it was being made when the process or the machine stopped", "the next start removes it")
}

func (c *check) foreign(f foreign) {
	cure := "the next start moves it to quarantine; drain it with the journal that it is of"
	if f.copy != "" && c.j.isThere(f.copy) {
		cure = "delete it, as " + logPath(f.copy) + " is there; else the next start moves it to quarantine"
	} else if f.copy != "" {
		cure = "somebody has renamed it: give it the name " + logPath(f.copy) + " again, before the next start moves it to quarantine"
	}
	c.found(FoundForeign, logPath(f.name), 0, f.why, cure)
}

// ending tells of records that the end of the log had once, which is at an offset of a file.
func (c *check) ending(name string, offset int64) {
	g := c.j.ending
	if g == (gap{}) {
		return
	}
	what := "the log is cut off here: " + numbered(g.from, g.to) + " missing, and had been acknowledged"
	const cure = "put the file back if there is a copy; else the next start tells of it and goes on behind them. See whether the disk is failing, " +
		"or has a cache that a power cut empties"
	m := c.j.Missed()
	switch {
	case m.Destinations != nil:
		c.found(FoundMissing, name, offset, what+"; lost may be some for "+labels(m.Destinations), cure)
	case m.Inactive != nil:
		c.found(FoundMissing, name, offset, what+"; lost may be some for "+labels(m.Inactive)+", if they were configured then, which nobody knows", cure)
	default:
		c.found(FoundLeftOver, name, offset, what+"; no destination needs them any more", "see whether the disk is failing, or somebody has deleted a file")
	}
}

func labels(ds []Destination) string {
	var all []string
	for _, d := range ds {
		all = append(all, d.Label())
	}
	return strings.Join(all, ", ")
}

// numbered names records by their numbers, with the verb.
func numbered(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("record %d is", from)
	}
	return fmt.Sprintf("records %d to %d are", from, to)
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

// compare checks what the table of the next segment says was accepted in this one, of which seen is the highest Seq that
// was found whole. If the next one begins later, there may have been segments in between that nobody needed, and the table
// counts what they had, too: then isMissing tells what is needed.
func (c *check) compare(f, next *found, seen uint64, count map[uint32]Totals) {
	gap := seen+1 < next.first
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

// cursors checks the file of cursors.
func (c *check) cursors() error {
	pairs, err := readCursors(c.j.fs)
	if err != nil {
		return err
	}
	for _, d := range c.j.Destinations() {
		if _, _, ok := pairs.newest(d.Number, identityTag(c.j.id, d.Name)); !ok {
			c.found(FoundCursor, cursorFileName, slotOffset(d.Number, 0), "both cursors of "+naming(d.Number, d.Name)+" are damaged or missing",
				"it goes on where the newest table says, so some events are delivered again")
			continue
		}
		c.Cursors++
	}
	return nil
}
