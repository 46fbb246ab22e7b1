package hub

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/profiles"
)

// Filter chooses the events of a subscription.
type Filter struct {
	// Profiles are globs of which one must match the event's profile; none means every event.
	Profiles []string
	// Buffer is how many events may wait for the subscriber; 0 means 10,000. When there are more, the oldest are
	// given up, and the subscriber gets a *GapError in their place.
	Buffer int
}

// GapError says that a subscriber was too slow and missed events. The subscription goes on behind the gap.
type GapError struct{ Missed int }

func (e *GapError) Error() string {
	return fmt.Sprintf("evhub: subscription missed %d events: it is slower than they come", e.Missed)
}

const defaultStreamBuffer = 10_000

// Subscription gives the events that are accepted after it was made, whether they match a destination or not. It
// holds up nothing: see Filter.Buffer.
type Subscription struct {
	streams  *streams
	matchers []profiles.Matcher
	wake     chan struct{}

	mu     sync.Mutex // guards the fields below
	ring   []*evbus.Record
	head   int
	count  int
	missed int
	closed bool
}

// Subscribe returns a subscription to the events that f chooses. Its caller closes it.
func (h *Hub) Subscribe(f Filter) (*Subscription, error) {
	if f.Buffer <= 0 {
		f.Buffer = defaultStreamBuffer
	}
	s := &Subscription{streams: &h.streams, wake: make(chan struct{}, 1), ring: make([]*evbus.Record, f.Buffer)}
	var errs []error
	for _, pattern := range f.Profiles {
		m, err := profiles.Glob(pattern)
		s.matchers, errs = append(s.matchers, m), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if !h.streams.add(s) {
		return nil, ErrClosed
	}
	return s, nil
}

// Events yields the events in the order of their acceptance, each with its Position, until ctx ends, the loop is left
// or the hub or the subscription is closed. A *GapError stands in for events that were missed; the end of ctx is
// yielded as its error. One loop at a time.
func (s *Subscription) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			r, missed, open := s.next()
			switch {
			case missed > 0:
				if !yield(Event{}, &GapError{missed}) {
					return
				}
			case r != nil:
				if !yield(s.streams.event(r), nil) {
					return
				}
			case !open:
				return
			default:
				select {
				case <-s.wake:
				case <-ctx.Done():
					yield(Event{}, evbus.Ended(ctx))
					return
				}
			}
		}
	}
}

// Close ends the subscription. It may be called twice.
func (s *Subscription) Close() {
	s.streams.remove(s)
	s.end()
}

// event returns r as an event. One that went nowhere has no position.
func (s *streams) event(r *evbus.Record) Event {
	e := Event(r.Event())
	if r.Seq != 0 {
		e.Position = s.journal + strconv.FormatUint(r.Seq, 10)
	}
	return e
}

func (s *Subscription) next() (r *evbus.Record, missed int, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.missed > 0 {
		missed, s.missed = s.missed, 0
		return nil, missed, true
	}
	if s.count == 0 {
		return nil, 0, !s.closed
	}
	r, s.ring[s.head] = s.ring[s.head], nil
	s.head = (s.head + 1) % len(s.ring)
	s.count--
	return r, 0, true
}

func (s *Subscription) offer(r *evbus.Record) {
	if !s.wants(r.Profile) {
		return
	}
	s.mu.Lock()
	if s.count == len(s.ring) {
		s.head = (s.head + 1) % len(s.ring)
		s.count--
		s.missed++
	}
	s.ring[(s.head+s.count)%len(s.ring)] = r
	s.count++
	s.mu.Unlock()
	s.signal()
}

func (s *Subscription) wants(profile string) bool {
	for _, m := range s.matchers {
		if m.Match(profile) {
			return true
		}
	}
	return len(s.matchers) == 0
}

func (s *Subscription) end() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.signal()
}

func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// streams are the subscriptions of a hub.
type streams struct {
	count   atomic.Int32 // lets the path without subscriptions pass without the lock
	journal string       // what stands before the Seq in a position: the journal's id and a colon

	mu     sync.RWMutex // guards the fields below
	all    map[*Subscription]struct{}
	closed bool
}

func (s *streams) add(sub *Subscription) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.all == nil {
		s.all = map[*Subscription]struct{}{}
	}
	s.all[sub] = struct{}{}
	s.count.Store(int32(len(s.all)))
	return true
}

func (s *streams) remove(sub *Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sub)
	s.count.Store(int32(len(s.all)))
}

// publish offers r to every subscription. The hub calls it in the order of acceptance.
func (s *streams) publish(r *evbus.Record) {
	if s.count.Load() == 0 {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for sub := range s.all {
		sub.offer(r)
	}
}

func (s *streams) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for sub := range s.all {
		sub.end()
	}
}
