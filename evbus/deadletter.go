package evbus

import (
	"errors"
	"slices"
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
	destination string

	mu      sync.Mutex // guards the fields below
	limit   int64
	bytes   int64
	letters []DeadLetter
	full    bool // a letter found no room since wasFull was asked last
}

func newDeadLetters(destination string) *deadLetters { return &deadLetters{destination: destination} }

func (s *deadLetters) setLimit(limit int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit
}

func (s *deadLetters) add(e entry, reason error) (DeadLetter, error) {
	r := e.record
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes+r.Size() > s.limit {
		s.full = true
		return DeadLetter{}, errDeadLettersFull
	}
	letter := DeadLetter{
		Destination: s.destination, Seq: r.Seq, Event: r.Event(), Reason: reason.Error(), Attempts: e.attempt,
		Time: time.Now(), record: r,
	}
	s.letters = append(s.letters, letter)
	s.bytes += r.Size()
	return letter, nil
}

func (s *deadLetters) all() []DeadLetter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.letters)
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
	return len(s.letters)
}

// remove takes the letter out and reports whether it was still there.
func (s *deadLetters) remove(l DeadLetter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.letters, func(at DeadLetter) bool { return at.record == l.record })
	if i < 0 {
		return false
	}
	s.letters = slices.Delete(s.letters, i, i+1)
	s.bytes -= l.record.Size()
	return true
}

// DeadLetters returns the destination's dead letters, oldest first.
func (d *Destination) DeadLetters() []DeadLetter { return d.dead.all() }

// Discard removes a dead letter for good and reports whether it was still there.
func (d *Destination) Discard(l DeadLetter) bool {
	removed := d.dead.remove(l)
	if removed && d.dead.wasFull() {
		signal(d.changed) // it waits for room
	}
	return removed
}

// bury makes a dead letter of e. The error says that there is no room for it.
func (d *Destination) bury(e entry, reason error) error {
	letter, err := d.dead.add(e, reason)
	if err != nil {
		return err
	}
	d.status.dead.Add(1)
	d.watches.settle(e.record.Seq, Result{Destination: d.name, State: Dead, Attempts: e.attempt, Err: reason})
	d.hooks.buried(d.name, letter)
	return nil
}
