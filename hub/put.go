package hub

import (
	"context"
	"fmt"

	"github.com/evhub/evhub/evbus"
)

// Put accepts e for every destination that matches, or for none. It waits while a destination that blocks has no
// room, until ctx ends; then nothing was accepted, and the error wraps the context's and a *FullError. With a journal it
// then waits for the disk; if ctx ends before the event is being written it was not accepted either, and after that the
// error is an ErrUncertain that wraps the context's.
//
// After nil each destination gets the event at least once, unless its own policy drops it or it refuses it for good.
// Other errors: ErrEncode, ErrTooLarge, ErrClosed, and ErrNoRoute from a strict hub.
func (h *Hub) Put(ctx context.Context, e Event) error {
	r, err := h.sealer.Seal(evbus.Event(e))
	if err != nil {
		return err
	}
	_, err = h.accept(ctx, r, false)
	return err
}

// PutNowait is Put without any wait: where Put would wait for room it returns a *FullError, and nothing was accepted. With
// a journal the event is accepted before it is on disk: Sync waits for that.
func (h *Hub) PutNowait(e Event) error {
	r, err := h.sealer.Seal(evbus.Event(e))
	if err != nil {
		return err
	}
	a := arrival{records: []*evbus.Record{r}}
	for {
		a = h.route(a)
		taken, full, err := h.tryAccept(a, false)
		switch {
		case full != nil:
			return &full.FullError
		case err != nil || taken.n == 1:
			return err
		}
	}
}

// PutWait is Put, and then waits until every destination has settled the event. The receipt says for each what became
// of it; see Receipt.Err. When ctx ends first the error is the context's and the receipt says what is known.
func (h *Hub) PutWait(ctx context.Context, e Event) (Receipt, error) {
	tracked, err := h.PutTracked(ctx, e)
	if err != nil {
		return Receipt{}, err
	}
	return tracked.Wait(ctx)
}

// PutTracked is Put, and returns a handle that gives the event's receipt later, so that many events can be on their
// way while their receipts are awaited.
func (h *Hub) PutTracked(ctx context.Context, e Event) (*Tracked, error) {
	r, err := h.sealer.Seal(evbus.Event(e))
	if err != nil {
		return nil, err
	}
	return h.accept(ctx, r, true)
}

// PutAll puts events in their order, and waits for the disk once. It stops at the first that is not accepted and
// returns how many were, and why it stopped. After ErrUncertain some of those behind the accepted ones may be accepted
// too.
func (h *Hub) PutAll(ctx context.Context, es []Event) (accepted int, err error) {
	var all offers
	return h.putAll(ctx, es, &all)
}

// PutAllTracked is PutAll, and returns for each accepted event, in order, a handle as PutTracked does.
func (h *Hub) PutAllTracked(ctx context.Context, es []Event) ([]*Tracked, error) {
	all := offers{watched: true}
	accepted, err := h.putAll(ctx, es, &all)
	return all.watches[:accepted], err
}

func (h *Hub) putAll(ctx context.Context, es []Event, all *offers) (accepted int, err error) {
	for all.n < len(es) && err == nil {
		part := es[all.n:min(len(es), all.n+groupSize)]
		records, sealErr := h.sealAll(part)
		if err = h.offerAll(ctx, arrival{records: records, awaited: all.n+len(part) == len(es)}, all); err == nil {
			err = sealErr
		}
	}
	accepted, diskErr := h.awaitAll(ctx, all)
	if diskErr != nil {
		err = diskErr
	}
	if err != nil {
		return accepted, fmt.Errorf("event %d: %w", accepted, err)
	}
	return accepted, nil
}

// offers are what one PutAll has brought so far: n events, which without a journal are accepted already.
type offers struct {
	n       int
	all     []*offer
	watched bool
	watches []*evbus.Watch // one for each, if they are watched
}

// offerAll has the records of a accepted in order, in as few steps as there is room for.
func (h *Hub) offerAll(ctx context.Context, a arrival, all *offers) error {
	for len(a.records) > 0 {
		a = h.route(a)
		taken, full, err := h.tryAccept(a, all.watched)
		all.n += taken.n
		all.watches = append(all.watches, taken.watches...)
		a = a.behind(taken.n)
		if taken.offer != nil {
			all.all = append(all.all, taken.offer)
		}
		if err != nil {
			return err
		}
		if full != nil {
			if err := h.awaitRoom(ctx, a.routing, full); err != nil {
				return err
			}
		}
	}
	return nil
}

// awaitAll waits until all offers are on disk and returns how many events are.
func (h *Hub) awaitAll(ctx context.Context, offers *offers) (accepted int, err error) {
	if h.committer == nil {
		return offers.n, nil
	}
	for i, o := range offers.all {
		if err := h.awaitDurable(ctx, offers.all[i:]...); err != nil {
			return accepted, err
		}
		accepted += len(o.records)
	}
	return accepted, nil
}

// NewID returns a new event ID, a UUIDv7, for callers who need to know the ID of an event before they put it.
func (h *Hub) NewID() string { return h.sealer.NewID() }

// groupSize is how many events PutAll accepts in one step.
const groupSize = 1000

// sealAll seals events until one cannot be. Only events that leave the backlogs together share memory: then an event
// that waits for a slow destination keeps alive no others that all are done with.
func (h *Hub) sealAll(es []Event) ([]*evbus.Record, error) {
	records := make([]*evbus.Record, 0, len(es))
	batch, routing := h.sealer.Batch(len(es)), h.routing.Load()
	var route *evbus.Route
	for i := range es {
		last := route
		if i == 0 || es[i].Profile != es[i-1].Profile {
			route = routing.Route(es[i].Profile)
		}
		if route != last || route.Sparse {
			batch.Part()
		}
		r, err := batch.Seal(evbus.Event(es[i]))
		if err != nil {
			return records, err
		}
		records = append(records, r)
	}
	return records, nil
}
