package hub

import (
	"log/slog"
	"sync"
	"time"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/ring"
)

// window is what one destination has to read of a journal: its newest records in memory while it keeps up, and from
// disk while it is behind.
//
//	   done        read          (in memory)     newest
//	    |           |          |-----------|       |
//	----+-----------+----------+-----------+-------+----> Seq
//	    | in flight |                      | on disk alone: behind
//
// Memory is read first. What is on disk alone is newer, until the destination has caught up.
type window struct {
	journal *journal.Journal
	number  uint32
	logger  *slog.Logger

	mu     sync.Mutex // guards the fields below
	memory int64
	group  uint64 // the newest of which something was pushed
	idle   bool   // nothing was in memory before it
	ring   ring.Ring[*evbus.Record]
	bytes  int64 // of ring
	behind bool  // there are records newer than those in ring
	newest uint64
	unread evbus.Unread
	oldest time.Time                 // about when the oldest that is on disk alone was accepted
	read   journal.Cursor            // of the newest record that was read
	served ring.Ring[journal.Cursor] // of the records that were read and are not settled
	done   journal.Cursor

	// Only who reads touches these.
	reader *journal.Reader // nil until something has to be read from disk
	parser *evbus.StoredParser
	pages  *pages
	ahead  *ahead // nil while nobody reads ahead
	page   *page  // what is being served; nil: none
}

func newWindow(j *journal.Journal, number uint32, logger *slog.Logger) *window {
	w := &window{journal: j, number: number, logger: logger, parser: &evbus.StoredParser{Overhead: evbus.JournalOverhead}}
	for _, d := range j.Destinations() {
		if d.Number != number {
			continue
		}
		w.done, w.read, w.newest, w.oldest = d.Done, d.Done, d.Newest, d.Oldest
		w.unread.Events, w.unread.Bytes = inBacklog(d.Accepted.Minus(d.Done.Totals))
		w.behind = w.unread.Events > 0
	}
	return w
}

// inBacklog returns what records of a journal count in a backlog.
func inBacklog(t journal.Totals) (events int, bytes int64) {
	return int(t.Events), int64(t.Bytes) + int64(t.Events)*evbus.JournalOverhead
}

func (w *window) setMemory(bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.memory = bytes
}

// wholeGroup is how many times as much as usual may be in memory of a group that found nothing there: a destination that
// keeps up should not have to read it from the disk.
const wholeGroup = 4

// push notes that r, which belongs to a group, is on disk. w.mu is held.
func (w *window) push(r *evbus.Record, group uint64) {
	if group != w.group {
		w.group, w.idle = group, w.ring.Len() == 0
	}
	limit := w.memory
	if w.idle {
		limit *= wholeGroup
	}
	w.newest = r.Seq
	w.unread.Events++
	w.unread.Bytes += r.Size()
	if r.Seq <= w.read.Seq {
		return // who reads from disk was faster
	}
	if !w.behind && w.bytes+r.Size() > limit {
		w.behind = true
		w.oldest = r.Accepted()
	}
	if w.behind {
		return
	}
	w.ring.Push(r)
	w.bytes += r.Size()
}

// take appends to dst what comes next.
func (w *window) take(dst []*evbus.Record, limit int, maxBytes int64) ([]*evbus.Record, evbus.Lost, error) {
	n := len(dst)
	dst, behind := w.takeFromMemory(dst, limit, maxBytes)
	if len(dst) > n || !behind {
		return dst, evbus.Lost{}, nil
	}
	return w.takeFromDisk(dst, limit, maxBytes)
}

func (w *window) takeFromMemory(dst []*evbus.Record, limit int, maxBytes int64) (_ []*evbus.Record, behind bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for limit > 0 && maxBytes > 0 && w.ring.Len() > 0 {
		r := w.ring.Pop()
		w.bytes -= r.Size()
		w.serve(r, int(r.Size()-evbus.JournalOverhead))
		dst = append(dst, r)
		limit--
		maxBytes -= r.Size()
	}
	return dst, w.behind
}

// serve notes that r is read. w.mu is held.
func (w *window) serve(r *evbus.Record, stored int) {
	w.unread.Events--
	w.unread.Bytes -= r.Size()
	w.read.Seq = r.Seq
	w.read.Events++
	w.read.Bytes += uint64(stored)
	w.served.Push(w.read)
}

// takeFromDisk takes what is on disk alone, until there is nothing more: then the destination has caught up. It waits for
// the disk only while it has nothing.
func (w *window) takeFromDisk(dst []*evbus.Record, limit int, maxBytes int64) ([]*evbus.Record, evbus.Lost, error) {
	var lost evbus.Lost
	for n := len(dst); ; {
		p := w.nextPage(len(dst) == n)
		if p == nil || len(dst) > n && p.gone.Events > 0 { // what is lost is told before what comes behind it
			return dst, lost, nil
		}
		var more evbus.Lost
		dst, more = w.servePage(p, dst, limit-(len(dst)-n), &maxBytes)
		lost = lost.Plus(more)
		switch {
		case !p.over():
			return dst, lost, nil
		case !p.last():
			w.page = nil
			continue
		case len(dst) > n:
			return dst, lost, nil // what ends the page is for the next time
		}
		w.page = nil
		w.endAhead()
		if p.err != nil {
			return dst, lost, p.err
		}
		if caughtUp, phantom := w.catchUp(p.newest); caughtUp {
			return dst, lost.Plus(phantom), nil
		}
	}
}

// nextPage returns the page that is to be served. Without wait it is nil if the next one is not there yet.
func (w *window) nextPage(wait bool) *page {
	if w.page != nil {
		return w.page
	}
	if w.ahead == nil {
		w.readAhead()
	}
	if wait {
		w.page = <-w.ahead.ready
		return w.page
	}
	select {
	case w.page = <-w.ahead.ready:
	default:
	}
	return w.page
}

// readAhead begins to read what comes behind the records that were read.
func (w *window) readAhead() {
	if w.reader == nil {
		w.reader = w.journal.Reader(w.number)
		w.reader.Seek(w.position())
	}
	if w.pages == nil {
		w.pages = newPages()
	}
	w.ahead = &ahead{reader: w.reader, newest: w.newestSeq, parser: w.parser, pages: w.pages, logger: w.logger}
	w.mu.Lock()
	memory := w.memory
	w.mu.Unlock()
	w.ahead.start(memory)
}

func (w *window) endAhead() {
	if w.ahead != nil {
		w.ahead.end()
		w.ahead = nil
	}
}

// servePage appends to dst what comes next in p.
func (w *window) servePage(p *page, dst []*evbus.Record, limit int, maxBytes *int64) ([]*evbus.Record, evbus.Lost) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lost := w.lose(p.gone)
	p.gone = journal.Totals{}
	for !p.over() {
		e, r := &p.entries[p.served], p.records[p.served]
		switch {
		case r == nil: // also behind the last event that is taken: once that has arrived the page may be used again
			p.served++
			w.read.Seq = e.Seq
			lost = lost.Plus(w.lose(journal.Totals{Events: 1, Bytes: uint64(len(e.Data))}))
			continue
		case limit <= 0 || *maxBytes <= 0:
			return dst, lost
		}
		p.served++
		w.oldest = r.Accepted()
		w.serve(r, len(e.Data))
		dst = append(dst, r)
		limit--
		*maxBytes -= r.Size()
	}
	return dst, lost
}

// lose notes that records are gone. w.mu is held.
func (w *window) lose(gone journal.Totals) (lost evbus.Lost) {
	if gone.Events == 0 {
		return lost
	}
	lost.Events, lost.Bytes = inBacklog(gone)
	w.unread.Events -= lost.Events
	w.unread.Bytes -= lost.Bytes
	w.read.Events += gone.Events
	w.read.Bytes += gone.Bytes
	w.served.Push(w.read)
	return lost
}

// catchUp is for when there is nothing more on disk, and newest was the newest record before that was found. It reports
// whether the destination has caught up; what it still counts as unread then is not there.
func (w *window) catchUp(newest uint64) (caughtUp bool, phantom evbus.Lost) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.newest > newest:
		return false, phantom
	case w.read.Seq > w.newest:
		return true, phantom // and still behind: push has yet to say what was read, and only then does unread count right
	}
	w.behind = false
	w.close()
	if n := w.unread.Events; n > 0 {
		phantom = evbus.Lost{Events: n, Bytes: w.unread.Bytes}
		w.lose(journal.Totals{Events: uint64(n), Bytes: uint64(w.unread.Bytes - int64(n)*evbus.JournalOverhead)})
	}
	if w.read.Seq < w.newest { // the newest are lost; the cursor passes them, so that they are told of once
		w.read.Seq = w.newest
		w.served.Push(w.read)
	}
	return true, phantom
}

func (w *window) position() journal.Cursor {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.read
}

func (w *window) newestSeq() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.newest
}

// ack notes that everything up to seq is settled.
func (w *window) ack(seq uint64) {
	w.mu.Lock()
	before := w.done
	for w.served.Len() > 0 && w.served.Front().Seq <= seq {
		w.done = w.served.Pop()
	}
	done := w.done
	w.mu.Unlock()
	if done != before {
		w.journal.Ack(w.number, done)
	}
}

func (w *window) waiting() evbus.Unread {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.unread
	switch {
	case u.Events == 0:
		u.Oldest = time.Time{}
	case w.ring.Len() > 0:
		u.Oldest = w.ring.Front().Accepted()
	default:
		u.Oldest = w.oldest
	}
	return u
}

// close is for when nobody reads any more.
func (w *window) close() {
	w.endAhead()
	if w.reader != nil {
		w.reader.Close()
		w.reader, w.pages, w.page = nil, nil, nil
	}
}
