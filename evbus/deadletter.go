package evbus

import (
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
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

	key    uint64
	record *Record
}

// NewDeadLetter returns l as a dead letter of a destination.
func NewDeadLetter(destination string, l *Letter) DeadLetter {
	r := l.Record
	return DeadLetter{
		Destination: destination, Seq: r.Seq, Event: r.Event(), Reason: l.Reason, Attempts: l.Attempts, Time: l.Time,
		key: l.Key, record: r,
	}
}

// Key tells the dead letters of one destination apart.
func (l DeadLetter) Key() uint64 { return l.key }

// Record returns the sealed event, to be accepted again.
func (l DeadLetter) Record() *Record { return l.record }

// errUnburied marks the errors that say why an event could not become a dead letter.
var errUnburied = errors.New("no dead letter could be kept")

var (
	errDeadLettersFull = fmt.Errorf("%w: the dead letters are full: replay or discard some, or raise delivery.dead_letters", errUnburied)
	errLetterStore     = fmt.Errorf("%w: writing it failed", errUnburied)
)

// deadLetters bounds the dead letters of one destination. Its letters are added by one goroutine at a time.
type deadLetters struct {
	Letters
	limit atomic.Int64
	full  atomic.Bool // a letter could not be kept since wasFull was asked last
}

// keep adds as many of letters, from the first, as there is room for, and returns how many. The error says why not all
// of them.
func (s *deadLetters) keep(letters []*Letter) (kept int, err error) {
	_, bytes := s.Total()
	for _, l := range letters {
		if bytes += l.Size(); bytes > s.limit.Load() {
			err = errDeadLettersFull
			break
		}
		kept++
	}
	if kept > 0 {
		if storeErr := s.Add(letters[:kept]); storeErr != nil {
			kept, err = 0, fmt.Errorf("%w: %w", errLetterStore, storeErr)
		}
	}
	if err != nil {
		s.full.Store(true)
	}
	return kept, err
}

// wasFull reports whether a letter could not be kept since it was asked last.
func (s *deadLetters) wasFull() bool { return s.full.Swap(false) }

func (s *deadLetters) count() int {
	n, _ := s.Total()
	return n
}

// DeadLetters yields the destination's dead letters, oldest first.
func (d *Destination) DeadLetters() iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		for l, err := range d.dead.All() {
			if err != nil {
				yield(DeadLetter{}, fmt.Errorf("dead letters of %s: %w", d.name, err))
				return
			}
			if !yield(NewDeadLetter(d.name, l), nil) {
				return
			}
		}
	}
}

// Discard removes dead letters for good, in one step, and returns how many were still there.
func (d *Destination) Discard(letters ...DeadLetter) (int, error) {
	keys := make([]uint64, len(letters))
	for i, l := range letters {
		keys[i] = l.key
	}
	n, err := d.dead.Remove(keys...)
	if n > 0 && d.dead.wasFull() {
		signal(d.changed) // it waits for room
	}
	return n, err
}

// buried is an entry that is refused for good, and why.
type buried struct {
	entry  entry
	reason error
}

// bury makes dead letters of refused entries, which are in order, from the first on, and returns of how many. The error
// says why not of all; tellBuried is for when those are off the backlog.
func (d *Destination) bury(refused []buried) (n int, err error) {
	if len(refused) == 0 {
		return 0, nil
	}
	letters := make([]*Letter, len(refused))
	for i, b := range refused {
		// Letters are kept long, so they hold no memory of others.
		letters[i] = &Letter{Record: b.entry.record.alone(), Reason: b.reason.Error(), Attempts: b.entry.attempt, Time: time.Now()}
	}
	n, err = d.dead.keep(letters)
	d.status.dead.Add(int64(n))
	for _, l := range letters[:n] {
		d.hooks.dead(d, l)
	}
	if err != nil {
		first := letters[n]
		err = fmt.Errorf("%w; event %s was refused: %s", err, first.Record.ID, first.Reason)
	}
	return n, err
}

// tellBuried tells those who watch the entries.
func (d *Destination) tellBuried(bs []buried) {
	for _, b := range bs {
		result := Result{Destination: d.name, State: Dead, Attempts: b.entry.attempt, Err: b.reason}
		d.watches.settle(b.entry.record.Seq, result)
	}
}
