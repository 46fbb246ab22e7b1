package evbus

import "sync"

// backlog counts what a destination has accepted and not yet settled, and knows up to where everything is settled.
//
//	      done        pos                accepted
//	       |           |                    |
//	-------+-----------+--------------------+----> Seq
//	settled| in flight,| still in the log   |
//	       | to resend |                    |
type backlog struct {
	mu     sync.Mutex // guards the fields below
	limit  int64
	events int
	bytes  int64
	// room is closed when something is released; nil while nobody waits.
	room chan struct{}

	accepted uint64 // newest Seq that was accepted
	pos      uint64 // newest Seq that was read
	done     uint64 // everything up to here is settled
	unread   int    // accepted and not yet read
	open     int    // read and not yet settled
	flushes  []flush
}

// flush is someone who waits for done to reach seq.
type flush struct {
	seq  uint64
	done chan struct{}
}

// begin takes over what the log holds already.
func (b *backlog) begin(s Standing) {
	b.events, b.bytes, b.unread = s.Events, s.Bytes, s.Events
	b.accepted, b.pos, b.done = s.Newest, s.Done, s.Done
	if s.Events == 0 {
		b.done = max(b.done, b.accepted)
	}
}

// reserve makes room for one event of size bytes and reports whether there was any; an empty backlog takes any
// event. If not, room is closed as soon as something has been released.
func (b *backlog) reserve(size int64) (ok bool, room <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.events > 0 && b.bytes+size > b.limit {
		if b.room == nil {
			b.room = make(chan struct{})
		}
		return false, b.room
	}
	b.add(size)
	return true, nil
}

// force reserves without asking.
func (b *backlog) force(size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(size)
}

func (b *backlog) add(size int64) {
	b.events++
	b.bytes += size
}

// cancel gives back a reservation that came to nothing.
func (b *backlog) cancel(size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free(1, size)
}

// enter notes that n reserved events got their Seqs, up to seq, and are in the log.
func (b *backlog) enter(seq uint64, n int) {
	b.mu.Lock()
	b.accepted = seq
	b.unread += n
	b.mu.Unlock()
}

// took notes that n events up to seq have been read.
func (b *backlog) took(n int, seq uint64) {
	b.mu.Lock()
	b.pos = seq
	b.open += n
	if b.unread -= n; b.unread <= 0 {
		b.pos = b.accepted // what comes behind seq is lost
	}
	b.mu.Unlock()
}

// settle notes the end of n events that had been read. Everything up to frontier is settled; it returns how far
// that now reaches in all.
func (b *backlog) settle(n int, bytes int64, frontier uint64) (done uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free(n, bytes)
	b.open -= n
	if b.open == 0 {
		frontier = b.pos
	}
	if frontier > b.done {
		b.done = frontier
		b.wakeFlushes()
	}
	return b.done
}

// lose takes events off that were accepted and that nobody will ever read. It returns up to where everything is settled.
func (b *backlog) lose(lost Lost) (done uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free(lost.Events, lost.Bytes)
	if b.unread -= lost.Events; b.unread <= 0 {
		b.pos = b.accepted
	}
	if b.open == 0 && b.pos > b.done {
		b.done = b.pos
		b.wakeFlushes()
	}
	return b.done
}

// read returns up to where everything was read, and whether that is everything.
func (b *backlog) read() (pos uint64, all bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pos, b.unread <= 0
}

func (b *backlog) free(n int, bytes int64) {
	b.events -= n
	b.bytes -= bytes
	if n > 0 {
		b.wakeWaiters()
	}
}

func (b *backlog) wakeFlushes() {
	kept := b.flushes[:0]
	for _, f := range b.flushes {
		if b.done >= f.seq {
			close(f.done)
		} else {
			kept = append(kept, f)
		}
	}
	clear(b.flushes[len(kept):])
	b.flushes = kept
}

// flushed returns a channel that is closed once everything accepted so far is settled; nil if it is already.
func (b *backlog) flushed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done >= b.accepted {
		return nil
	}
	f := flush{seq: b.accepted, done: make(chan struct{})}
	b.flushes = append(b.flushes, f)
	return f.done
}

// over reports whether the backlog exceeds its limit by events that could be dropped: what is unread, but for the newest,
// and again, what is to be sent again.
func (b *backlog) over(again int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unread+again > 1 && b.bytes > b.limit
}

func (b *backlog) setLimit(limit int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit = limit
	b.wakeWaiters()
}

// retry has everyone who waits for room try again.
func (b *backlog) retry() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wakeWaiters()
}

func (b *backlog) wakeWaiters() {
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}

// counts returns the events and bytes that are accepted and unsettled, and how many of them are in flight or wait
// to be sent again.
func (b *backlog) counts() (events int, bytes int64, open int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.events, b.bytes, b.open
}
