package evbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/evhub/evhub/internal/ring"
)

// State is how far an event has come at one destination.
type State string

// The states of an event at a destination.
const (
	// Pending: accepted, and not yet settled.
	Pending State = "pending"
	// Delivered: the destination has it.
	Delivered State = "delivered"
	// Dead: refused for good, and kept as a dead letter.
	Dead State = "dead"
	// Dropped: the destination's policy for a full backlog did without it.
	Dropped State = "dropped"
	// Gone: it was accepted, and cannot be read any more, because the journal is damaged where it was.
	Gone State = "lost"
)

// Receipt says what became of one event at each destination that it matched, in the order of the acct file.
type Receipt struct {
	ID      string
	Results []Result
}

// Result is what became of an event at one destination.
type Result struct {
	Destination string
	State       State
	// Attempts counts the sends.
	Attempts int
	// Err is why the event is dead, or the newest error while it is pending.
	Err error
}

// Err returns nil if every destination has the event, and otherwise what the others say, joined.
func (r Receipt) Err() error {
	var errs []error
	for _, result := range r.Results {
		switch {
		case result.State == Delivered:
		case result.Err != nil:
			errs = append(errs, fmt.Errorf("%s: %s: %w", result.Destination, result.State, result.Err))
		default:
			errs = append(errs, fmt.Errorf("%s: %s", result.Destination, result.State))
		}
	}
	return errors.Join(errs...)
}

// Watch gathers the results of one record until every destination has settled it.
type Watch struct {
	done  chan struct{}
	ended <-chan struct{}
	at    []*Destination // until Begin

	mu      sync.Mutex // guards the fields below
	receipt Receipt
	open    int
}

// NewWatch returns a watch for the record with this ID at its destinations; those of them in dropped do without it.
// Nothing is delivered any more once ended is closed. It watches from Begin on.
func NewWatch(id string, destinations, dropped []*Destination, ended <-chan struct{}) *Watch {
	w := &Watch{done: make(chan struct{}), ended: ended, receipt: Receipt{ID: id}}
	for _, d := range destinations {
		result := Result{Destination: d.name, State: Dropped}
		if !slices.Contains(dropped, d) {
			result.State = Pending
			w.open++
			w.at = append(w.at, d)
		}
		w.receipt.Results = append(w.receipt.Results, result)
	}
	if w.open == 0 {
		close(w.done)
	}
	return w
}

// Begin watches the record, whose number is seq and which is not in the log yet.
func (w *Watch) Begin(seq uint64) {
	for _, d := range w.at {
		d.watches.add(seq, w)
	}
	w.at = nil
}

// Wait returns the receipt when it is complete, or what is known of it with the context's error when ctx ends, or
// with ErrClosed when the hub has stopped before.
func (w *Watch) Wait(ctx context.Context) (Receipt, error) {
	var err error
	select {
	case <-w.done:
	default:
		select {
		case <-w.done:
		case <-w.ended:
			err = ErrClosed
		case <-ctx.Done():
			err = Ended(ctx)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	receipt := w.receipt
	receipt.Results = append([]Result(nil), receipt.Results...)
	return receipt, err
}

func (w *Watch) set(result Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.receipt.Results {
		at := &w.receipt.Results[i]
		if at.Destination != result.Destination || at.State != Pending {
			continue
		}
		*at = result
		if result.State == Pending {
			return
		}
		if w.open--; w.open == 0 {
			close(w.done)
		}
		return
	}
}

// watches are the records of one destination that somebody watches.
type watches struct {
	count atomic.Int64 // lets the path without watches pass without the lock
	mu    sync.Mutex
	of    map[uint64]*Watch
	// unread are the Seqs of those that the destination has not read yet.
	unread ring.Ring[uint64]
}

func (s *watches) add(seq uint64, w *Watch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[uint64]*Watch{}
	}
	s.of[seq] = w
	s.unread.Push(seq)
	s.count.Store(int64(len(s.of)))
}

func (s *watches) any() bool { return s.count.Load() > 0 }

// passed tells the watches of records that the destination was to read before these, and did not: they are lost.
func (s *watches) passed(records []*Record, destination string) {
	if !s.any() {
		return
	}
	s.mu.Lock()
	var gone []*Watch
	for _, r := range records {
		gone = s.lose(gone, r.Seq)
		if s.unread.Len() > 0 && s.unread.Front() == r.Seq {
			s.unread.Pop()
		}
	}
	s.mu.Unlock()
	tellGone(gone, destination)
}

// passedAll is passed when there is nothing to read up to and including seq.
func (s *watches) passedAll(seq uint64, destination string) {
	s.mu.Lock()
	gone := s.lose(nil, seq+1)
	s.mu.Unlock()
	tellGone(gone, destination)
}

// lose takes the watches out whose records should have been read before the one with the number seq. The caller holds mu.
func (s *watches) lose(gone []*Watch, seq uint64) []*Watch {
	for s.unread.Len() > 0 && s.unread.Front() < seq {
		lost := s.unread.Pop()
		gone = append(gone, s.of[lost])
		delete(s.of, lost)
	}
	s.count.Store(int64(len(s.of)))
	return gone
}

func tellGone(gone []*Watch, destination string) {
	for _, w := range gone {
		w.set(Result{Destination: destination, State: Gone})
	}
}

// settle tells the watch of seq, if there is one, its result; a result that is not pending ends the watch here.
func (s *watches) settle(seq uint64, result Result) {
	if !s.any() {
		return
	}
	s.mu.Lock()
	w := s.of[seq]
	if w != nil && result.State != Pending {
		delete(s.of, seq)
		s.count.Store(int64(len(s.of)))
	}
	s.mu.Unlock()
	if w != nil {
		w.set(result)
	}
}
