package hub

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/evbus"
)

// Hub takes events and delivers each to every destination whose pattern matches its profile. All methods are safe for
// concurrent use.
type Hub struct {
	config *config
	logger *slog.Logger
	sealer *evbus.Sealer
	log    evbus.Log
	hooks  *evbus.Hooks
	// journal and committer are nil without a journal.
	journal   *openJournal
	committer *committer
	limits    limits

	routing   atomic.Pointer[routing]
	unmatched unmatched
	streams   streams
	accepted  atomic.Int64
	claims    claims

	// mu makes accepting one step: it is held while room is reserved in every destination and the record enters the
	// log. It comes before the locks of destinations.
	mu      sync.Mutex
	seq     uint64
	closed  bool
	muted   bool          // fires no error events any more
	closing chan struct{} // closed when closed becomes true
	stopped chan struct{} // closed when nothing is delivered any more

	// reloading is held through a reload and a close. It comes before mu.
	reloading sync.Mutex
	retired   map[string]*retiree
	draining  sync.WaitGroup
	numbers   uint32
}

// routing is the router in force.
type routing struct {
	*evbus.Router
	replaced chan struct{} // closed when another one is in force
}

// Open starts a hub on an acct file. It waits for no broker: what cannot be reached is dialled again and again. An
// error says everything that is wrong with the file, and then nothing was started. ctx bounds the opening alone.
func Open(ctx context.Context, f *acct.File, opts ...Option) (*Hub, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := newConfig(opts)
	p, err := c.plan(f)
	if err != nil {
		return nil, err
	}
	h := &Hub{
		config: c, logger: c.logger, hooks: &c.hooks,
		sealer:  evbus.NewSealer(c.runName, c.maxEvent),
		log:     evbus.NewMemoryLog(),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
		retired: map[string]*retiree{},
	}
	if c.errors {
		h.hooks.OnUndelivered(newErrorEvents(h).fire)
	}
	if c.journal != "" {
		if err := h.openJournal(len(p.Destinations)); err != nil {
			return nil, err
		}
	}
	h.reloading.Lock()
	defer h.reloading.Unlock()
	if err := h.put(p, nil); err != nil {
		return nil, errors.Join(err, h.closeJournal())
	}
	if h.journal != nil {
		h.findOrphans()
		tellOfMissed(h.journal.Journal, h.journal.dir, h.logger)
		go h.committer.run()
	}
	return h, nil
}

// Stats is a snapshot of a hub.
type Stats struct {
	// Accepted counts the events that were accepted, Unmatched those of them that no destination wanted, and Filtered
	// those of these that a pattern matched, but no filter let pass.
	Accepted, Unmatched, Filtered int64
	// Destinations are in the order of the acct file; those that a reload removed come last, and then those that the
	// journal has events or dead letters of although they were not in the file.
	Destinations []DestinationStats
	// Journal is nil without a journal.
	Journal *JournalStats
}

// Stats returns a snapshot.
func (h *Hub) Stats() Stats {
	s := Stats{Accepted: h.accepted.Load(), Unmatched: h.unmatched.count.Load(), Filtered: h.unmatched.filtered.Load()}
	h.reloading.Lock()
	defer h.reloading.Unlock()
	for _, d := range h.routing.Load().Destinations() {
		s.Destinations = append(s.Destinations, d.Stats())
	}
	for _, name := range h.retiredNames() {
		stats := h.retired[name].Stats()
		stats.Removed = true
		s.Destinations = append(s.Destinations, stats)
	}
	h.journalStats(&s)
	return s
}

// Flush returns when every event that was accepted before is delivered, dropped by policy or a dead letter, at every
// destination; or when ctx ends, with its error; or with ErrClosed when the hub was closed before. A destination that
// a reload removed is waited for as long as it delivers.
func (h *Hub) Flush(ctx context.Context) error {
	if err := h.Sync(ctx); err != nil {
		return err
	}
	for _, w := range h.unflushed() {
		select {
		case <-w.flushed:
		case <-w.ended:
		case <-ctx.Done():
			return evbus.Ended(ctx)
		}
	}
	select {
	case <-h.closing:
		if len(h.unflushed()) > 0 {
			return ErrClosed
		}
	default:
	}
	return nil
}

// unflushed is a destination with something to deliver: flushed is closed once it has, ended when it stops before.
type unflushed struct{ flushed, ended <-chan struct{} }

// unflushed returns the destinations that have something to deliver, those that a reload removed included.
func (h *Hub) unflushed() []unflushed {
	h.reloading.Lock()
	defer h.reloading.Unlock()
	var all []unflushed
	for _, d := range h.everyDestinationLocked() {
		if flushed := d.Flushed(); flushed != nil {
			all = append(all, unflushed{flushed, d.Stopped()})
		}
	}
	return all
}

// everyDestination returns those in force and those that were removed and still have events.
func (h *Hub) everyDestination() []*evbus.Destination {
	h.reloading.Lock()
	defer h.reloading.Unlock()
	return h.everyDestinationLocked()
}

func (h *Hub) everyDestinationLocked() []*evbus.Destination {
	all := append([]*evbus.Destination(nil), h.routing.Load().Destinations()...)
	for _, name := range h.retiredNames() {
		all = append(all, h.retired[name].Destination)
	}
	return all
}
