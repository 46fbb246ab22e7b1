package evbus

import (
	"container/list"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"
)

// DeadLetter is an event that one destination will not get unless it is replayed.
type DeadLetter struct {
	// Destination is the name of the destination that refused the event.
	Destination string
	// Seq was the event's number in the hub.
	Seq   uint64
	Event Event
	// Reason is the refusal in the destination's words.
	Reason string
	// Attempts counts the sends.
	Attempts int
	// Time is when the event became a dead letter.
	Time time.Time

	record *Record
}

// Record returns the sealed event, to be accepted again.
func (l DeadLetter) Record() *Record { return l.record }

var errDeadLettersFull = errors.New("the dead letters are full: replay or discard some, or raise delivery.dead_letters")

// deadLetters keeps the dead letters of one destination in memory, oldest first, up to a limit of bytes.
type deadLetters struct {
	mu      sync.Mutex // guards the fields below
	limit   int64
	bytes   int64
	letters list.List // of *letter
	places  map[*Record]*list.Element
	full    bool // a letter found no room since wasFull was asked last
}

// letter is a dead letter as it is kept.
type letter struct {
	entry  entry
	reason string
	time   time.Time
}

func (l *letter) size() int64 { return l.entry.record.Size() + int64(len(l.reason)) }

func (s *deadLetters) setLimit(limit int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit
}

func (s *deadLetters) add(l *letter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes+l.size() > s.limit {
		s.full = true
		return errDeadLettersFull
	}
	if s.places == nil {
		s.places = map[*Record]*list.Element{}
	}
	s.places[l.entry.record] = s.letters.PushBack(l)
	s.bytes += l.size()
	return nil
}

func (s *deadLetters) all() []*letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*letter, 0, s.letters.Len())
	for e := s.letters.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*letter))
	}
	return all
}

// wasFull reports whether a letter found no room since it was asked last.
func (s *deadLetters) wasFull() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	full := s.full
	s.full = false
	return full
}

func (s *deadLetters) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.letters.Len()
}

// remove takes the letter of r out and reports whether it was still there.
func (s *deadLetters) remove(r *Record) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	place, ok := s.places[r]
	if !ok {
		return false
	}
	delete(s.places, r)
	s.bytes -= s.letters.Remove(place).(*letter).size()
	return true
}

// DeadLetters yields the destination's dead letters, oldest first.
func (d *Destination) DeadLetters() iter.Seq[DeadLetter] {
	return func(yield func(DeadLetter) bool) {
		for _, l := range d.dead.all() {
			if !yield(d.deadLetter(l)) {
				return
			}
		}
	}
}

func (d *Destination) deadLetter(l *letter) DeadLetter {
	r := l.entry.record
	return DeadLetter{
		Destination: d.name, Seq: r.Seq, Event: r.Event(), Reason: l.reason, Attempts: l.entry.attempt, Time: l.time, record: r,
	}
}

// Discard removes a dead letter for good and reports whether it was still there.
func (d *Destination) Discard(l DeadLetter) bool {
	removed := d.dead.remove(l.record)
	if removed && d.dead.wasFull() {
		signal(d.changed) // it waits for room
	}
	return removed
}

// bury makes a dead letter of e; tellBuried is for when e is off the backlog. The error says that there is no room for
// it.
func (d *Destination) bury(e entry, reason error) error {
	l := &letter{entry: e, reason: reason.Error(), time: time.Now()}
	l.entry.record = e.record.alone() // letters are kept long
	if err := d.dead.add(l); err != nil {
		return fmt.Errorf("%w; event %s was refused: %s", err, e.record.ID, l.reason)
	}
	d.status.dead.Add(1)
	if d.hooks != nil && d.hooks.Dead != nil {
		d.hooks.Dead(d.name, d.deadLetter(l))
	}
	return nil
}

// buried is an entry that became a dead letter.
type buried struct {
	entry  entry
	reason error
}

// tellBuried tells those who watch the entries.
func (d *Destination) tellBuried(bs []buried) {
	for _, b := range bs {
		result := Result{Destination: d.name, State: Dead, Attempts: b.entry.attempt, Err: b.reason}
		d.watches.settle(b.entry.record.Seq, result)
	}
}
