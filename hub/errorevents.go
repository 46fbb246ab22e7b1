package hub

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/evhub/evhub/evbus"
)

// WithErrorEvents has the hub fire an event when a destination does without an event for good: when it became a dead
// letter (refused, given up, no body in the destination's format), or was dropped as the backlog was full. It is the
// event of Idem's idem.event.publish_error_callback_handler: on the same profile, with the tags of the event that
// failed, and these two: ref is the name of that function and plugin the provider's. In format idem the message is
// publish_event_error_message: the reason, in which there are no credentials, as in no error.
//
// It goes to the other destinations that match, not to the one that failed, and displaces no event: one that has no
// room does without it. A destination fires at most ten in a row, and one in a second after that; the next one says how
// many failures had none. One whose own delivery fails fires none. A hub that is being closed fires them for what it still delivers.
func WithErrorEvents() Option { return func(c *config) { c.errors = true } }

const (
	// errorBurst error events of a destination may come at once, and then one in every errorInterval.
	errorBurst    = 10
	errorInterval = time.Second
)

// errorEvents fires events for failures.
type errorEvents struct {
	hub *Hub

	mu     sync.Mutex // guards the field below
	limits map[string]*errorLimit
}

// errorLimit is what one destination may fire.
type errorLimit struct {
	full     time.Time // when the whole burst may be fired again
	withheld int       // failures since the last event that was fired
}

func newErrorEvents(h *Hub) *errorEvents {
	return &errorEvents{hub: h, limits: map[string]*errorLimit{}}
}

// fire tells of a record that d does without. It is called by those who deliver and accept, and never waits.
func (s *errorEvents) fire(d *evbus.Destination, failed *evbus.Record, reason string) {
	if failed.IsPublishError() {
		return
	}
	withheld, ok := s.allow(d.Name())
	if !ok {
		return
	}
	if withheld > 0 {
		reason = fmt.Sprintf("%s (and %d more, of which no event tells)", reason, withheld)
	}
	r, err := s.hub.sealer.Seal(failed.PublishError(d.Config().Connection.Provider, reason))
	if err == nil {
		err = s.hub.putBeside(d, r)
	}
	if err != nil {
		s.hub.logger.Warn("no error event could be fired", "destination", d.Name(), "error", err)
		s.withhold(d.Name(), withheld+1)
	}
}

// allow reports whether the destination may fire now, and if so, how many failures before had no event.
func (s *errorEvents) allow(destination string) (withheld int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now := s.limits[destination], time.Now()
	if l == nil {
		l = &errorLimit{}
		s.limits[destination] = l
	}
	if l.full.Before(now) {
		l.full = now
	}
	if l.full.Sub(now) > (errorBurst-1)*errorInterval {
		l.withheld++
		return 0, false
	}
	l.full = l.full.Add(errorInterval)
	withheld, l.withheld = l.withheld, 0
	return withheld, true
}

func (s *errorEvents) withhold(destination string, failures int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits[destination].withheld += failures
}

// putBeside accepts r for the destinations that match and have room, but for one. It does not wait.
func (h *Hub) putBeside(but *evbus.Destination, r *evbus.Record) error {
	for {
		a := h.route(arrival{records: []*evbus.Record{r}})
		h.mu.Lock()
		if h.muted {
			h.mu.Unlock()
			return nil
		}
		if full := h.journalFull(); full != nil {
			h.mu.Unlock()
			return &full.FullError
		}
		if h.routing.Load() != a.routing {
			h.mu.Unlock()
			continue
		}
		route := a.spare(but)
		if len(route.Destinations) == 0 {
			h.mu.Unlock()
			return nil
		}
		size := offerSize{limits: h.limits}
		if _, err := size.add(r, len(route.Numbers)); err != nil {
			for _, d := range route.Destinations {
				d.Cancel(r)
			}
			h.mu.Unlock()
			return err
		}
		r.Destinations = route.Numbers
		_, err := h.enterLog(a.records, []step{{route: route, records: 1, taken: route.Destinations}}, false)
		return err
	}
}

// lastErrorEvents delivers, until ctx ends, those that were fired since the hub was closed. All that it had accepted is
// settled or out of time.
func (h *Hub) lastErrorEvents(ctx context.Context) {
	if !h.config.errors {
		return
	}
	h.mu.Lock()
	h.muted = true
	h.mu.Unlock()
	_ = h.Flush(ctx) // see Close
}

// spare reserves room for the only record of a in every destination on its way that has some, but for one.
func (a arrival) spare(but *evbus.Destination) *evbus.Route {
	r, spare := a.records[0], &evbus.Route{}
	route := a.routing.Route(r.Profile)
	if a.routes != nil {
		route = a.routes[0]
	}
	for i, d := range route.Destinations {
		if d != but && d.ReserveSpare(r) {
			spare.Destinations = append(spare.Destinations, d)
			spare.Numbers = append(spare.Numbers, route.Numbers[i])
		}
	}
	return spare
}
