package hub

import (
	"context"
	"fmt"
	"slices"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/providers"
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
	full, step, err := h.enter(routing, routing.Route(r.Profile), r)
	if full != nil || err != nil || step.stale {
		h.mu.Unlock()
		if step.stale {
			return h.tryAccept(h.routing.Load(), r, want)
		}
		return full, err
	}
	if want != nil {
		*want = evbus.NewWatch(r.ID, step.route.Destinations, step.dropped, h.stopped)
		(*want).Begin(r.Seq)
	}
	step.enterBacklogs(r)
	err = h.log.Append([]*evbus.Record{r})
	h.mu.Unlock()
	if err != nil {
		return nil, err
	}
	h.after([]*evbus.Record{r}, step)
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
	var steps []step // each for as many records as possible
	var route *evbus.Route
	h.mu.Lock()
	for i, r := range records {
		if i == 0 || r.Profile != records[i-1].Profile {
			route = routing.Route(r.Profile)
		}
		var s step
		if full, s, err = h.enter(routing, route, r); full != nil || err != nil || s.stale {
			break
		}
		n++
		if last := len(steps) - 1; last >= 0 && steps[last].equal(s) {
			steps[last].records++
		} else {
			steps = append(steps, s)
		}
	}
	done := 0
	for _, s := range steps {
		done += s.records
		s.enterBacklogs(records[done-1])
	}
	if appendErr := h.log.Append(records[:n]); appendErr != nil {
		err = appendErr
	}
	h.mu.Unlock()
	for _, s := range steps {
		h.after(records[:s.records], s)
		records = records[s.records:]
	}
	return n, full, err
}

// step is what accepting records one after the other came to.
type step struct {
	route   *evbus.Route
	records int
	// taken are the destinations of the route that will get the records, dropped do without them by their policy.
	taken, dropped []*evbus.Destination
	// stale: another routing is in force by now.
	stale bool
}

// equal reports whether the records of both went the same way.
func (s step) equal(t step) bool { return s.route == t.route && s.dropped == nil && t.dropped == nil }

// enterBacklogs notes that the records of the step, up to last, have their numbers.
func (s step) enterBacklogs(last *evbus.Record) {
	for _, d := range s.taken {
		d.Enter(last.Seq, s.records)
	}
}

// enter reserves room for r in every destination that matches, or in none, and gives r its number. h.mu is held.
func (h *Hub) enter(routing *routing, route *evbus.Route, r *evbus.Record) (*noRoom, step, error) {
	if h.closed {
		return nil, step{}, ErrClosed
	}
	if h.routing.Load() != routing {
		return nil, step{stale: true}, nil
	}
	if len(route.Destinations) == 0 && h.config.strict {
		return nil, step{}, fmt.Errorf("%w: %s", ErrNoRoute, providers.Visible(r.Profile))
	}
	s := step{route: route, records: 1, taken: route.Destinations}
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

// after does what need not be part of the step that accepted records.
func (h *Hub) after(records []*evbus.Record, s step) {
	for _, d := range s.taken {
		d.Wake()
	}
	h.accepted.Add(int64(len(records)))
	for _, r := range records {
		for _, d := range s.dropped {
			d.Drop(r)
		}
		if len(s.route.Destinations) == 0 {
			h.unmatched.note(h.logger, r.Profile)
		}
		h.hooks.Event(r.Profile, len(s.taken))
	}
}
