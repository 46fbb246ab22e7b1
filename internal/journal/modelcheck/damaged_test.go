package modelcheck

import (
	"bytes"
	"errors"
	"maps"
	"slices"

	"github.com/evhub/evhub/internal/journal"
)

// spoil is the last step of a history: the journal is closed, or killed, its files are damaged, and it must open again,
// say what is lost, and give all the rest in order; or refuse.
func (w *world) spoil() {
	w.heal()
	w.options.MaxBytes = 0
	w.restart(true)
	w.keepCursors()
	for range 1 + w.rand.IntN(4) {
		w.put()
	}
	w.deliver()
	w.settle()
	if w.rand.IntN(2) == 0 {
		w.save()
		if err := w.j.Close(); err != nil {
			fail("close: %v", err)
		}
		w.j = nil
	}
	w.end(true)
	d := w.damageSome()
	w.log("damage: %s", d.what)
	w.figures.damaged++
	w.findLoss(d)
}

// findLoss opens the journal after damage.
func (w *world) findLoss(d damage) {
	w.options.FS = w.fs
	j, err := journal.Open("journal", w.options)
	if refused := (*journal.RefusedError)(nil); errors.As(err, &refused) {
		w.log("  refused: %v", err)
		w.figures.refusals++
		return
	}
	if err != nil {
		fail("open: %v", err)
	}
	w.j = j
	w.log("  found %+v", j.Recovery())
	w.figures.bad += j.Recovery().BadFrames
	w.figures.quarantines += len(j.Recovery().Quarantined)
	w.judge(d)
	w.checkQuarantine()
	w.goOn()
}

// checkQuarantine checks that what is bad is kept for who wants to look at it.
func (w *world) checkQuarantine() {
	bad := w.j.Stats().BadFrames
	copies, err := w.fs.List("quarantine")
	if bad > 0 && (err != nil || len(copies) == 0) {
		fail("%d damaged ranges are counted, and none was copied to quarantine: %v", bad, err)
	}
}

// keepCursors keeps the cursors as they are now, to be found again later.
func (w *world) keepCursors() { w.oldCursors, _ = w.fs.Content("cursors") }

func (w *world) damageSome() damage {
	kinds := damageKinds()
	for {
		name := pick(w.rand, slices.Sorted(maps.Keys(kinds)), 1)[0]
		d := damage{what: name, lost: map[uint64]bool{}}
		if kinds[name](w, &d) {
			return d
		}
	}
}

// judge compares what is left with what there was.
func (w *world) judge(d damage) {
	if last := w.j.LastSeq(); last > w.model.last || last < w.model.last && !d.end {
		fail("LastSeq is %d, was %d", last, w.model.last)
	}
	for _, before := range w.j.Destinations() {
		l := w.model.line(before.Number)
		if l == nil && before.Accepted == (journal.Totals{}) { // of an Assign that failed
			continue
		}
		if l == nil || l.dropped && !d.end {
			fail("number %d is invented", before.Number)
		}
		if l.dropped { // what said so was damaged
			continue
		}
		if before.Name != l.name && !(before.Name == "" && d.end) {
			fail("number %d was %s, is %q", l.number, l.name, before.Name)
		}
		if n := int(before.Done.Events); n > l.done() || n < l.done() && !d.cursors {
			fail("%s: %d records are settled, were %d", l, n, l.done())
		}
		w.judgeLine(l, d)
	}
}

// judgeLine reads a line to its end.
func (w *world) judgeLine(l *line, d damage) {
	r := w.j.Reader(l.number)
	defer r.Close()
	start := w.j.Cursor(l.number)
	r.Seek(start)
	at, missing, read, lost := int(start.Events), journal.Totals{}, journal.Totals{}, journal.Totals{}
	var gone []uint64 // that are missing
	odd := false
	skip := func(to int) {
		for ; at < to; at++ {
			seq := l.seqs[at]
			if unlinked := d.cursors && at < l.done(); !d.lost[seq] && !unlinked { // nobody knows that it was settled
				fail("%s: record %d is lost, which was not damaged", l, seq)
			}
			missing = missing.Plus(journal.Totals{Events: 1, Bytes: uint64(len(w.model.records[seq].Data))})
			gone = append(gone, seq)
		}
	}
	for {
		entries, gone, err := r.Read(nil, 1+w.rand.IntN(8), 1<<20)
		if err != nil {
			fail("%s: read: %v", l, err)
		}
		lost = lost.Plus(gone)
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			i, ok := slices.BinarySearch(l.seqs, e.Seq)
			if d.lost[e.Seq] && isAttempt(e) && (!ok || !bytes.Equal(e.Data, w.model.records[e.Seq].Data)) {
				// It failed, and something else was put in its place: the segment that said so is damaged.
				odd = true
				if ok && i >= at {
					skip(i)
					at++
				}
				continue
			}
			switch {
			case !ok:
				fail("%s: record %d is invented", l, e.Seq)
			case i < at:
				fail("%s: record %d comes again", l, e.Seq)
			case !bytes.Equal(e.Data, w.model.records[e.Seq].Data):
				fail("%s: record %d is damaged", l, e.Seq)
			}
			skip(i)
			at++
			read = read.Plus(journal.Totals{Events: 1, Bytes: uint64(len(e.Data))})
		}
	}
	skip(len(l.seqs))
	if d.lies && w.isActive(l) {
		w.judgeMissed(l, d, gone, lost)
	}
	w.figures.lost += int(missing.Events)
	w.log("  %s: from %d: read %d, missing %+v, said to be lost %+v", l, start.Events, read.Events, missing, lost)
	switch {
	case odd: // so the totals are of something else, too
		w.left = append(w.left, left{l, w.accepted(l)})
		return
	case lost == missing:
	case d.end && lost.Events <= missing.Events:
	default:
		fail("%s: %+v are lost, and are said to be %+v", l, missing, lost)
	}
	accepted := w.accepted(l)
	if sum := start.Totals.Plus(read).Plus(lost); accepted != sum {
		fail("%s: accepted %+v, but settled, read and lost are %+v", l, accepted, sum)
	}
	w.left = append(w.left, left{l, accepted})
}

// judgeMissed checks, after a disk has lied, that a line of which records are gone that were used for sure, and that no
// Read has told, is said to miss some, and that no more are said to be missed than may have been lost.
func (w *world) judgeMissed(l *line, d damage, gone []uint64, told journal.Totals) {
	r, last := w.j.Recovery(), w.j.LastSeq()
	used := slices.IndexFunc(append(gone, last+1), func(seq uint64) bool { return seq > last })
	if used > int(told.Events) && !slices.Contains(r.MissedBy, l.number) {
		fail("%s: %v are missing, of them %d up to %d, told are %+v: %+v", l, gone, used, last, told, r)
	}
	if r.MissedRecords > uint64(len(d.lost)) {
		fail("%d records are said to be missed, and at most %d are lost: %+v", r.MissedRecords, len(d.lost), r)
	}
}

// isActive reports whether the journal has a line as configured: only such a one is believed to have been given records
// of which nothing is left.
func (w *world) isActive(l *line) bool {
	return slices.ContainsFunc(w.j.Destinations(), func(d journal.Destination) bool {
		return d.Number == l.number && (d.Active || d.Name == "")
	})
}

// left is what a line counts when damage has been found.
type left struct {
	*line
	accepted journal.Totals
}

func (w *world) accepted(l *line) journal.Totals {
	for _, d := range w.j.Destinations() {
		if d.Number == l.number {
			return d.Accepted
		}
	}
	fail("%s is unknown", l)
	return journal.Totals{}
}

// goOn settles all that was read, and puts and reads once more, over some restarts. What was damaged is
// gone then. So is what came back of a destination whose end was damaged: one that had been dropped.
func (w *world) goOn() {
	for round := range 3 {
		for i := range w.left {
			l := &w.left[i]
			w.j.Ack(l.number, journal.Cursor{Seq: w.j.LastSeq(), Totals: l.accepted})
		}
		for _, d := range w.j.Destinations() {
			if !slices.ContainsFunc(w.left, func(l left) bool { return l.number == d.Number }) {
				w.j.Ack(d.Number, journal.Cursor{Seq: w.j.LastSeq(), Totals: d.Accepted})
			}
		}
		w.oneMore()
		if err := w.j.SyncCursors(); err != nil {
			fail("save: %v", err)
		}
		if err := w.j.Compact(); err != nil {
			fail("compact: %v", err)
		}
		if err := w.j.Close(); err != nil {
			fail("close: %v", err)
		}
		w.j = nil
		if round == 0 {
			w.end(false)
		}
		w.dump()
		w.options.FS = w.fs
		j, err := journal.Open("journal", w.options)
		if err != nil {
			fail("open again: %v", err)
		}
		w.j = j
		if r := j.Recovery(); !r.Clean() && round == 2 && len(w.left) > 0 {
			fail("damage is found once more: %+v", r)
		}
	}
	w.forget()
}

// oneMore puts a record for every destination and reads it.
func (w *world) oneMore() {
	record := journal.Record{Seq: w.j.LastSeq() + 1, Data: []byte("one more")}
	for _, l := range w.left {
		record.Destinations = append(record.Destinations, l.number)
	}
	if len(w.left) == 0 {
		return
	}
	if err := w.j.Append([]journal.Record{record}); err != nil {
		fail("put: %v", err)
	}
	for i := range w.left {
		l := &w.left[i]
		r := w.j.Reader(l.number)
		r.Seek(w.j.Cursor(l.number))
		entries, lost, err := r.Read(nil, 10, 1<<20)
		if err != nil || len(entries) != 1 || entries[0].Seq != record.Seq || lost != (journal.Totals{}) {
			fail("%s: put %d, read %d records, %+v lost: %v", l, record.Seq, len(entries), lost, err)
		}
		r.Close()
		l.accepted = l.accepted.Plus(journal.Totals{Events: 1, Bytes: uint64(len(record.Data))})
		if got := w.accepted(l.line); got != l.accepted {
			fail("%s: accepted %+v, want %+v", l, got, l.accepted)
		}
	}
}
