package hub

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/evbus"
)

// drainTime is how long a destination that was removed may go on delivering its backlog.
const drainTime = 30 * time.Second

// retiree is a destination that a reload removed. It delivers what it has for a while, and then keeps what is left.
type retiree struct {
	*evbus.Destination
	cancel context.CancelFunc
	back   atomic.Bool // it is in the file again, and need not stop
	ended  chan struct{}
}

// comeBack has r go on with c. If it still delivers it is not stopped: what is in the air would be sent again.
func (r *retiree) comeBack(c evbus.Config) *evbus.Destination {
	r.back.Store(true)
	r.cancel()
	<-r.ended
	if !sameConfig(r.Config(), c) {
		r.Configure(c)
	}
	select {
	case <-r.Stopped():
		r.Start()
	default:
	}
	return r.Destination
}

// Reload puts another acct file in force. All or nothing: an error says everything that is wrong with the file, and
// then nothing has changed. Destinations whose entry is the same are not touched; changed ones keep their backlog and
// dial again; removed ones deliver what they have for 30 seconds more, and what is left after that is kept, counted in
// Stats, and delivered if a later file has them again.
func (h *Hub) Reload(ctx context.Context, f *acct.File) error {
	p, err := h.config.plan(f)
	if err != nil {
		return err
	}
	h.reloading.Lock()
	defer h.reloading.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-h.closing:
		return ErrClosed
	default:
	}
	present := map[string]*evbus.Destination{}
	for _, d := range h.routing.Load().Destinations() {
		present[d.Name()] = d
	}
	return h.put(p, present)
}

// put puts p in force. present are the destinations in force so far; h.reloading is held. After an error nothing has
// changed.
func (h *Hub) put(p *Plan, present map[string]*evbus.Destination) error {
	places, err := h.places(p, present)
	if err != nil {
		return err
	}
	for _, w := range p.Warnings {
		h.logger.Warn(w.String())
	}
	removed := maps.Clone(present)
	var all, fresh []*evbus.Destination
	for i, planned := range p.Destinations {
		d := present[planned.Name]
		delete(removed, planned.Name)
		switch {
		case d == nil && h.retired[planned.Name] != nil:
			d = h.comeBack(planned)
		case d == nil:
			d = evbus.NewDestination(planned.Name, places[i].number, planned.Config, h.log, places[i].letters, h.hooks, h.logger)
			fresh = append(fresh, d)
		case !sameConfig(d.Config(), planned.Config):
			d.Configure(planned.Config)
		}
		h.setMemory(d)
		all = append(all, d)
	}
	next := &routing{Router: evbus.NewRouter(p.table, all, p.filters()...), replaced: make(chan struct{})}
	h.forgetRetired()
	h.mu.Lock()
	previous := h.routing.Swap(next)
	h.mu.Unlock()
	if previous != nil {
		close(previous.replaced)
	}
	for _, d := range fresh { // only now: what fails at once may fire error events, which are routed
		d.Start()
	}
	for _, name := range slices.Sorted(maps.Keys(removed)) {
		h.retire(removed[name])
	}
	return nil
}

// place is where a destination keeps what it has.
type place struct {
	number  uint32
	letters evbus.Letters
}

// places returns the places of the destinations of p, those of the new ones with their letters.
func (h *Hub) places(p *Plan, present map[string]*evbus.Destination) ([]place, error) {
	if h.journal != nil {
		return h.journal.places(p, present)
	}
	places := make([]place, len(p.Destinations))
	for i, planned := range p.Destinations {
		if present[planned.Name] == nil {
			places[i] = place{h.numbers, evbus.NewMemoryLetters()}
			h.numbers++
		}
	}
	return places, nil
}

func sameConfig(a, b evbus.Config) bool {
	return a.Connection.Equal(b.Connection) && reflect.DeepEqual(a.Options, b.Options)
}

// comeBack returns a destination that was removed earlier and is in the file again.
func (h *Hub) comeBack(p PlannedDestination) *evbus.Destination {
	back := h.retired[p.Name]
	delete(h.retired, p.Name)
	return back.comeBack(p.Config)
}

// retire lets d deliver what it has for drainTime and then stops it.
func (h *Hub) retire(d *evbus.Destination) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	r := &retiree{Destination: d, cancel: cancel, ended: make(chan struct{})}
	h.retired[d.Name()] = r
	h.draining.Go(func() {
		defer close(r.ended)
		defer cancel()
		_ = h.Sync(ctx) // only then its backlog knows of all that was accepted for it
		if flushed := d.Flushed(); flushed != nil {
			select {
			case <-flushed:
			case <-ctx.Done():
			}
		}
		if r.back.Load() {
			return
		}
		_ = d.Stop(context.Background())
		if n := d.Remaining(); n > 0 && h.journal != nil {
			h.logger.Warn("a removed destination still has events; they are kept in the journal until it is configured "+
				"again (evhub journal adopt|drop)", "destination", d.Name(), "events", n)
		} else if n > 0 && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			h.logger.Warn("a removed destination still has events; they are kept until it is configured again",
				"destination", d.Name(), "events", n)
		}
	})
}

// holdsEvents reports whether r still has something to deliver or to tell.
func (r *retiree) holdsEvents() bool { return r.Remaining() > 0 || r.Stats().DeadLetters > 0 }

// forgetRetired lets go of the removed destinations of which nothing is left.
func (h *Hub) forgetRetired() {
	maps.DeleteFunc(h.retired, func(_ string, r *retiree) bool {
		select {
		case <-r.ended:
			return !r.holdsEvents()
		default:
			return false
		}
	})
}

func (h *Hub) retiredNames() []string {
	var names []string
	for name, r := range h.retired {
		if r.holdsEvents() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
