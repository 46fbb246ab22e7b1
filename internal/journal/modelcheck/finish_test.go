package modelcheck

import "github.com/evhub/evhub/internal/journal"

// finish takes all faults away and checks that the journal recovers by itself: it accepts, delivers everything, gives
// the disk back, and is clean when it is opened again.
func (w *world) finish() {
	w.heal()
	w.drain()
	if len(w.activeLines()) > 0 {
		before := w.model.last
		w.put()
		if w.model.last == before {
			fail("nothing is accepted though there is no backlog: %+v", w.j.Stats())
		}
		w.drain()
	}
	var settled []int
	for _, l := range w.model.lines {
		settled = append(settled, l.done())
	}
	if err := w.j.Close(); err != nil {
		fail("close: %v", err)
	}
	w.j = nil
	w.end(false)
	w.dump()
	w.look("at the end")
	w.options.FS = w.fs
	j, err := journal.Open("journal", w.options)
	if err != nil {
		fail("open at the end: %v", err)
	}
	w.j = j
	w.verify()
	for i, l := range w.model.lines {
		if !l.dropped && l.done() != settled[i] {
			fail("%s: %d records were settled before Close, %d after", l, settled[i], l.done())
		}
	}
	w.forget()
}

// drain delivers everything.
func (w *world) drain() {
	for _, l := range w.model.lines {
		if l.dropped {
			continue
		}
		r := w.reader(l)
		for !w.read(l, r, 50, 1<<20) {
		}
		if r.at > l.done() {
			w.ack(l, r.at)
		}
	}
	w.save()
	w.compact()
	if n := w.j.Stats().Segments; n > 2 {
		fail("%d segments are kept though there is no backlog", n)
	}
}
