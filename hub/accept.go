package hub

import (
	"context"
	"fmt"
	"slices"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/providers"
)

// noRoom says what had none, and when to try again.
type noRoom struct {
	FullError
	room <-chan struct{}
}

// arrival are records on their way in, and where they go.
type arrival struct {
	records []*evbus.Record
	routing *routing
	routes  []*evbus.Route // one for each; nil: their profiles alone decide
	awaited bool           // who brings them waits for the disk then
}

// route finds out where the records of a go under the routing in force. Under the same routing it asks no filter again.
func (h *Hub) route(a arrival) arrival {
	if routing := h.routing.Load(); routing != a.routing {
		a.routing, a.routes = routing, routing.Routes(a.records)
	}
	return a
}

// behind returns what is left of a without the first n records.
func (a arrival) behind(n int) arrival {
	a.records = a.records[n:]
	if a.routes != nil {
		a.routes = a.routes[n:]
	}
	return a
}

// awaitRoom returns nil when it is worth trying again.
func (h *Hub) awaitRoom(ctx context.Context, routing *routing, full *noRoom) error {
	select {
	case <-full.room:
	case <-routing.replaced:
	case <-h.closing:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", evbus.Ended(ctx), &full.FullError)
	}
	return nil
}

// accept accepts r as soon as there is room. With watched it returns the record's watch.
func (h *Hub) accept(ctx context.Context, r *evbus.Record, watched bool) (*evbus.Watch, error) {
	a := arrival{records: []*evbus.Record{r}, awaited: true}
	for {
		a = h.route(a)
		taken, full, err := h.tryAccept(a, watched)
		switch {
		case full != nil:
			if err := h.awaitRoom(ctx, a.routing, full); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		case taken.n == 1:
			err := h.awaitDurable(ctx, taken.offer)
			if watched && err == nil {
				return taken.watches[0], nil
			}
			return nil, err
		}
	}
}

// taken is what one step of accepting came to: the first n records are accepted, or will be once offer is on disk.
type taken struct {
	n       int
	watches []*evbus.Watch // one for each, if they are watched
	offer   *offer         // nil without a journal
}

// tryAccept accepts the records of a, from the first on, until one finds no room. If another routing is in force by
// now it accepts none, and says nothing.
func (h *Hub) tryAccept(a arrival, watched bool) (taken, *noRoom, error) {
	records := a.records
	h.mu.Lock()
	if full := h.journalFull(); full != nil && !h.closed {
		h.mu.Unlock()
		return taken{}, full, nil
	}
	steps, n, full, err := h.enterAll(a, watched)
	t := taken{n: n}
	if watched {
		t.watches = h.watch(records, steps)
	}
	var appendErr error
	t.offer, appendErr = h.enterLog(records[:n], steps, a.awaited && n == len(records))
	if appendErr != nil {
		err = appendErr
	}
	return t, full, err
}

// enterLog has records, for which room is reserved, written; without a journal they are accepted then. h.mu is held, and
// let go.
func (h *Hub) enterLog(records []*evbus.Record, steps []step, awaited bool) (*offer, error) {
	if h.committer != nil {
		o := h.committer.offer(records, steps, awaited)
		h.mu.Unlock()
		h.committer.encode(o)
		return o, nil
	}
	h.number(records, steps)
	for _, r := range records {
		h.streams.publish(r)
	}
	err := h.log.Append(records)
	h.mu.Unlock()
	h.after(records, steps)
	return nil, err
}

// step is what accepting records one after the other came to.
type step struct {
	route   *evbus.Route
	records int
	// taken are the destinations of the route that will get the records, dropped do without them by their policy.
	taken, dropped []*evbus.Destination
	watch          *evbus.Watch // of the only record, if somebody watches
	// again: it is a dead letter, which was accepted once already.
	again bool
}

// equal reports whether the records of both went the same way.
func (s step) equal(t step) bool { return s.route == t.route && s.dropped == nil && t.dropped == nil }

// watch gives each of steps, which are for one record each, its watch.
func (h *Hub) watch(records []*evbus.Record, steps []step) []*evbus.Watch {
	watches := make([]*evbus.Watch, len(steps))
	for i := range steps {
		s := &steps[i]
		s.watch = evbus.NewWatch(records[i].ID, s.route.Destinations, s.dropped, h.stopped)
		watches[i] = s.watch
	}
	return watches
}

// enterAll reserves room for the first n records. It stops at the first that finds none, or is refused, or is too much to
// go in at once with those before it. With apart each record is a step of its own. h.mu is held.
func (h *Hub) enterAll(a arrival, apart bool) (steps []step, n int, full *noRoom, err error) {
	if h.closed {
		return nil, 0, nil, ErrClosed
	}
	if h.routing.Load() != a.routing {
		return nil, 0, nil, nil
	}
	var route *evbus.Route
	size := offerSize{limits: h.limits}
	for i, r := range a.records {
		switch {
		case a.routes != nil:
			route = a.routes[i]
		case i == 0 || r.Profile != a.records[i-1].Profile:
			route = a.routing.Route(r.Profile)
		}
		if fits, err := size.add(r, len(route.Numbers)); !fits {
			return steps, i, nil, err
		}
		s, full, err := h.enter(route, r)
		if full != nil || err != nil {
			return steps, i, full, err
		}
		if last := len(steps) - 1; last >= 0 && !apart && steps[last].equal(s) {
			steps[last].records++
		} else {
			steps = append(steps, s)
		}
	}
	return steps, len(a.records), nil, nil
}

// enter reserves room for r in every destination that matches, or in none. h.mu is held.
func (h *Hub) enter(route *evbus.Route, r *evbus.Record) (step, *noRoom, error) {
	if len(route.Destinations) == 0 && h.config.strict {
		return step{}, nil, noRoute(route, r)
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
			return step{}, &noRoom{FullError{Destination: d.Name()}, room}, nil
		}
		if dropped {
			s.dropped = append(s.dropped, d)
		}
	}
	if s.dropped != nil {
		s.taken, r.Destinations = without(route, s.dropped)
	}
	return s, nil, nil
}

// noRoute says why no destination gets r.
func noRoute(route *evbus.Route, r *evbus.Record) error {
	if route.Filtered {
		return fmt.Errorf("%w: the filters of all that match %s refuse this event", ErrNoRoute, providers.Visible(r.Profile))
	}
	return fmt.Errorf("%w the profile: %s", ErrNoRoute, providers.Visible(r.Profile))
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

// number gives records their numbers, those that go anywhere, and enters them in the backlogs. h.mu is held.
func (h *Hub) number(records []*evbus.Record, steps []step) {
	for _, s := range steps {
		if len(s.taken) > 0 {
			for _, r := range records[:s.records] {
				h.seq++
				r.Seq = h.seq
			}
			for _, d := range s.taken {
				d.Enter(h.seq, s.records)
			}
		}
		if s.watch != nil {
			s.watch.Begin(records[0].Seq)
		}
		records = records[s.records:]
	}
}

// after does what need not be part of the step that accepted records.
func (h *Hub) after(records []*evbus.Record, steps []step) {
	for _, s := range steps {
		for _, d := range s.taken {
			d.Wake()
		}
		if !s.again {
			h.tell(records[:s.records], s)
		}
		records = records[s.records:]
	}
}

// tell tells those who count of records that were accepted.
func (h *Hub) tell(records []*evbus.Record, s step) {
	h.accepted.Add(int64(len(records)))
	for _, r := range records {
		for _, d := range s.dropped {
			d.Drop(r)
		}
		if len(s.route.Destinations) == 0 {
			h.unmatched.note(h.logger, r.Profile, s.route.Filtered)
		}
		h.hooks.Event(r.Profile, len(s.taken))
	}
}
