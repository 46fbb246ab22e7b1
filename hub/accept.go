package hub

import (
	"context"
	"fmt"
	"slices"

	"github.com/evhub/evhub/evbus"
)

// noRoom says which destination had none, and when to try again.
type noRoom struct {
	destination string
	room        <-chan struct{}
}

// accept accepts r as soon as there is room. With watched it returns the record's watch.
func (h *Hub) accept(ctx context.Context, r *evbus.Record, watched bool) (*evbus.Watch, error) {
	for {
		var watch *evbus.Watch
		var want **evbus.Watch
		if watched {
			want = &watch
		}
		routing := h.routing.Load()
		full, err := h.tryAccept(routing, r, want)
		if full == nil {
			return watch, err
		}
		if err := h.awaitRoom(ctx, routing, full); err != nil {
			return nil, err
		}
	}
}

// awaitRoom returns nil when it is worth trying again.
func (h *Hub) awaitRoom(ctx context.Context, routing *routing, full *noRoom) error {
	select {
	case <-full.room:
	case <-routing.replaced:
	case <-h.closing:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", evbus.Ended(ctx), &FullError{Destination: full.destination})
	}
	return nil
}

// tryAccept accepts r in one step, or says which destination has no room. If want is not nil it receives a watch.
func (h *Hub) tryAccept(routing *routing, r *evbus.Record, want **evbus.Watch) (*noRoom, error) {
	h.mu.Lock()
	full, step, err := h.enter(routing, r)
	if full != nil || err != nil || step.stale {
		h.mu.Unlock()
		if step.stale {
			return h.tryAccept(h.routing.Load(), r, want)
		}
		return full, err
	}
	if want != nil {
		*want = evbus.NewWatch(r, step.matched, step.dropped, h.stopped)
	}
	err = h.log.Append([]*evbus.Record{r})
	h.mu.Unlock()
	if err != nil {
		return nil, err
	}
	wake(step.taken)
	h.after(r, step)
	return nil, nil
}

// acceptAll accepts records in order, in as few steps as there is room for.
func (h *Hub) acceptAll(ctx context.Context, records []*evbus.Record) (accepted int, err error) {
	for accepted < len(records) {
		routing := h.routing.Load()
		n, full, err := h.tryAcceptAll(routing, records[accepted:])
		accepted += n
		if err != nil {
			return accepted, err
		}
		if full != nil {
			if err := h.awaitRoom(ctx, routing, full); err != nil {
				return accepted, err
			}
		}
	}
	return accepted, nil
}

// tryAcceptAll accepts records until one finds no room.
func (h *Hub) tryAcceptAll(routing *routing, records []*evbus.Record) (n int, full *noRoom, err error) {
	steps := make([]step, 0, len(records))
	h.mu.Lock()
	for _, r := range records {
		var s step
		if full, s, err = h.enter(routing, r); full != nil || err != nil || s.stale {
			break
		}
		steps = append(steps, s)
	}
	n = len(steps)
	if appendErr := h.log.Append(records[:n]); appendErr != nil {
		err = appendErr
	}
	h.mu.Unlock()
	var woken []*evbus.Destination
	for i, s := range steps {
		if !slices.Equal(s.taken, woken) {
			wake(woken)
			woken = s.taken
		}
		h.after(records[i], s)
	}
	wake(woken)
	return n, full, err
}

// step is what accepting one record came to.
type step struct {
	// matched are the destinations of the record's route: taken will get it, dropped do without it by their policy.
	matched, taken, dropped []*evbus.Destination
	// stale: another routing is in force by now.
	stale bool
}

// enter reserves room for r in every destination that matches, or in none, and gives r its number. h.mu is held.
func (h *Hub) enter(routing *routing, r *evbus.Record) (*noRoom, step, error) {
	if h.closed {
		return nil, step{}, ErrClosed
	}
	if h.routing.Load() != routing {
		return nil, step{stale: true}, nil
	}
	route := routing.Route(r.Profile)
	if len(route.Destinations) == 0 && h.config.strict {
		return nil, step{}, fmt.Errorf("%w: %s", ErrNoRoute, visible(r.Profile))
	}
	s := step{matched: route.Destinations, taken: route.Destinations}
	r.Destinations = route.Numbers
	for i, d := range route.Destinations {
		dropped, room := d.Reserve(r)
		if room != nil {
			for _, reserved := range route.Destinations[:i] {
				if !slices.Contains(s.dropped, reserved) {
					reserved.Cancel(r)
				}
			}
			return &noRoom{d.Name(), room}, step{}, nil
		}
		if dropped {
			s.dropped = append(s.dropped, d)
		}
	}
	if s.dropped != nil {
		s.taken, r.Destinations = without(route, s.dropped)
	}
	h.seq++
	r.Seq = h.seq
	for _, d := range s.taken {
		d.Enter(r)
	}
	h.streams.publish(r)
	return nil, s, nil
}

// without returns the destinations of route, and their numbers, that are not in dropped.
func without(route *evbus.Route, dropped []*evbus.Destination) (taken []*evbus.Destination, numbers []uint32) {
	for i, d := range route.Destinations {
		if !slices.Contains(dropped, d) {
			taken = append(taken, d)
			numbers = append(numbers, route.Numbers[i])
		}
	}
	return taken, numbers
}

func wake(ds []*evbus.Destination) {
	for _, d := range ds {
		d.Wake()
	}
}

// after does what need not be part of the step.
func (h *Hub) after(r *evbus.Record, s step) {
	h.accepted.Add(1)
	for _, d := range s.dropped {
		d.Drop(r)
	}
	if len(s.matched) == 0 {
		h.unmatched.note(h.logger, r.Profile)
	}
	h.hooks.Event(r.Profile, len(s.taken))
}
