package modelcheck

import (
	"bytes"

	"github.com/evhub/evhub/internal/journal"
)

// verify compares all that a journal holds after a restart with the model, which then knows what became of the groups
// that failed.
func (w *world) verify() {
	w.countRecovery()
	destinations := map[uint32]journal.Destination{}
	for _, d := range w.j.Destinations() {
		destinations[d.Number] = d
	}
	unsure := map[uint64]*found{}
	for _, l := range w.model.lines {
		d, ok := destinations[l.number]
		l.dropped = l.dropped || l.maybeDropped && !ok
		if ok == l.dropped {
			fail("%s: known %v, dropped %v", l, ok, l.dropped)
		}
		if l.dropped {
			continue
		}
		if d.Name != l.name {
			fail("number %d was %s, is %s", l.number, l.name, d.Name)
		}
		w.verifyCursor(l, d)
		w.readAll(l, unsure)
	}
	w.resolve(unsure)
	if got := w.j.LastSeq(); got != w.model.last {
		fail("LastSeq is %d, want %d", got, w.model.last)
	}
	for _, l := range w.model.lines {
		if !l.dropped {
			w.verifyTotals(l, destinations[l.number])
		}
	}
}

// countRecovery counts what Open has found, and fails if it raised an alarm: nothing was damaged.
func (w *world) countRecovery() {
	r := w.j.Recovery()
	if r.TornBytes > 0 {
		w.figures.torn++
	}
	if !r.Clean() || len(r.Quarantined) > 0 {
		fail("Open found damage where there was none: %+v", r)
	}
}

// verifyCursor checks that a line goes on where it may.
func (w *world) verifyCursor(l *line, d journal.Destination) {
	n := int(d.Done.Events)
	if !l.possible(n, w.killed && !w.shaky) {
		fail("%s: %d records are settled; possible were %d, the last %d after a mere kill; kill: %v, after faults: %v",
			l, n, l.acked, len(l.acked)-l.written, w.killed, w.shaky)
	}
	if !l.isAt(d.Done, n) {
		fail("%s: settled %+v, want %+v", l, d.Done, l.cursor(n))
	}
	if got := w.j.Cursor(l.number); got != d.Done {
		fail("%s: cursor %+v, and in Destinations %+v", l, got, d.Done)
	}
	w.figures.duplicates += max(0, l.done()-n)
	if w.killed { // what is in the page cache may still be lost
		l.settle(n, true)
	} else {
		l.found(n)
	}
}

// readAll reads a line from its cursor on; what the model does not know yet goes to unsure.
func (w *world) readAll(l *line, unsure map[uint64]*found) {
	r := w.j.Reader(l.number)
	defer r.Close()
	r.Seek(w.j.Cursor(l.number))
	known := &reader{Reader: r, at: l.done()}
	for known.at < len(l.seqs) {
		w.read(l, known, min(1+w.rand.IntN(8), len(l.seqs)-known.at), 1<<20)
	}
	for {
		entries, lost, err := r.Read(nil, 1+w.rand.IntN(8), 1<<20)
		if err != nil || lost != (journal.Totals{}) {
			fail("%s: read at the end: lost %+v, %v", l, lost, err)
		}
		if len(entries) == 0 {
			return
		}
		for _, e := range entries {
			f := unsure[e.Seq]
			if f == nil {
				f = &found{data: bytes.Clone(e.Data)}
				unsure[e.Seq] = f
			}
			if e.Seq <= w.model.last || !bytes.Equal(f.data, e.Data) {
				fail("%s: record %d is invented", l, e.Seq)
			}
			f.numbers = append(f.numbers, l.number)
		}
	}
}

// resolve finds out what is left of the groups that failed: nothing, or one of them, or the beginning of one. As long as
// nothing is found and nothing was put in their place, something may be found by a later Open.
func (w *world) resolve(unsure map[uint64]*found) {
	if len(unsure) == 0 {
		return
	}
	if len(w.model.attempts) == 0 {
		fail("%d records are invented", len(unsure))
	}
	var err error
	for _, group := range w.model.attempts {
		if err = prefixOf(unsure, group); err == nil {
			w.figures.unsure++
			w.model.accept(group[:len(unsure)])
			return
		}
	}
	fail("after %d attempts: %v", len(w.model.attempts), err)
}

func (w *world) verifyTotals(l *line, d journal.Destination) {
	if want := l.totals(len(l.seqs)); d.Accepted != want {
		fail("%s: accepted %+v, want %+v", l, d.Accepted, want)
	}
	if n := len(l.seqs); n > l.done() && d.Newest != l.seqs[n-1] {
		fail("%s: the newest record is %d, want %d", l, d.Newest, l.seqs[n-1])
	}
}
