package hub

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/providers"
)

// committer writes what callers offer to the journal, all that has gathered at a time, and hands it to the
// destinations in the order of its numbers.
type committer struct {
	hub   *Hub
	wake  chan struct{} // 1: look what has gathered; read by run and gather
	stop  chan struct{} // closed: what is there is tried once more, and then given up
	ended chan struct{}

	// hub.mu guards the fields below.
	gathering *group
	writing   *group // nil while nothing is written
	// failure is why the journal takes nothing at present, and room closed when it is worth trying again.
	failure error
	room    chan struct{}
	lost    map[*evbus.Destination]int // events that were given up
	gaveUp  error                      // why

	batches sync.Pool // of *journal.Batch, empty

	// Only run touches these.
	writes []*journal.Batch // memory for write
	crowd  crowd
	logged time.Time
}

func newCommitter(h *Hub) *committer {
	c := &committer{
		hub: h, wake: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{}),
		room: make(chan struct{}), lost: map[*evbus.Destination]int{},
		batches: sync.Pool{New: func() any { return &journal.Batch{} }},
	}
	c.gathering = c.newGroup()
	return c
}

// newGroup returns a group that will come behind the one that is being written. hub.mu is held.
func (c *committer) newGroup() *group {
	var before int64
	if c.writing != nil {
		before = c.writing.draft.Size()
	}
	return newGroup(c.hub.journal.Draft(before, c.hub.seq+1))
}

// offer takes records, for which room is reserved, to be written, once the caller has called encode. With awaited the
// caller then waits for the disk. hub.mu is held.
func (c *committer) offer(records []*evbus.Record, steps []step, awaited bool) *offer {
	if len(records) == 0 {
		return nil
	}
	o := &offer{records: records, steps: steps, awaited: awaited, batch: c.batches.Get().(*journal.Batch)}
	c.gathering.add(o)
	return o
}

// encode makes o, which may be nil, ready to be written.
func (c *committer) encode(o *offer) {
	if o == nil {
		return
	}
	o.encode()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// withdraw takes back those of offers of which nothing has been written, in one step, and reports whether the first is
// one of them. A group of which nothing is left is over, for those who wait for it.
func (c *committer) withdraw(offers []*offer) (first bool) {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	before := len(c.gathering.offers)
	for i, o := range offers {
		if o.group == c.gathering && c.gathering.remove(o) {
			o.cancel()
			o.withdrawn = true
			first = first || i == 0
		}
	}
	if before > 0 && c.gathering.empty() {
		c.gathering.finish(nil)
		c.gathering = c.newGroup()
		c.retry()
	}
	return first
}

// journalFull says why the journal takes nothing at present, and until when; nil if it does. h.mu is held.
func (h *Hub) journalFull() *noRoom {
	c := h.committer
	switch {
	case c == nil:
		return nil
	case c.failure != nil:
		return &noRoom{FullError{Err: c.failure}, c.room}
	case c.gathering.bytes > h.limits.bytes:
		return &noRoom{FullError{Err: errSlowDisk(h.limits.bytes)}, c.room}
	}
	return nil
}

func errSlowDisk(waiting int64) error {
	return fmt.Errorf("the disk is slower than events come: more than %v wait to be written", providers.Size(waiting))
}

func (c *committer) run() {
	defer close(c.ended)
	for stopping := false; ; {
		c.gather()
		g := c.take()
		switch {
		case g != nil:
			began := time.Now()
			c.write(g)
			c.crowd.before, c.crowd.wrote = g.callers, time.Since(began)
		case stopping:
			return
		default:
			select {
			case <-c.wake:
			case <-c.stop:
				stopping = true
			}
		}
	}
}

// take returns what has gathered, numbered and encoded; nil if that is nothing.
func (c *committer) take() *group {
	g := c.detach()
	if g != nil {
		g.encoding.Wait()
	}
	return g
}

// detach returns what has gathered, numbered, and lets something new gather; nil if that is nothing.
func (c *committer) detach() *group {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	g := c.gathering
	if g.empty() {
		return nil
	}
	for _, o := range g.offers {
		c.hub.number(o.records, o.steps)
	}
	c.writing = g
	c.gathering = c.newGroup()
	c.retry()
	return g
}

// retry has those who wait for room try again. hub.mu is held.
func (c *committer) retry() {
	close(c.room)
	c.room = make(chan struct{})
}

// write makes g durable, however often it has to try, and hands it over. It gives up only when the hub closes.
func (c *committer) write(g *group) {
	err := c.append(g)
	for wait := firstRewrite; err != nil && c.pause(wait); wait = min(2*wait, lastRewrite) {
		err = c.append(g)
	}
	clear(c.writes)
	for _, o := range g.offers {
		o.batch.Reset()
		c.batches.Put(o.batch)
		o.batch = nil
		if err == nil {
			c.handOver(o)
		}
	}
	c.finish(g, err)
	c.hub.journal.Recycle(g.draft) // nobody asks for its size any more
}

// append writes g, and says so if that fails.
func (c *committer) append(g *group) error {
	c.writes = c.writes[:0]
	for _, o := range g.offers {
		if o.batch.Len() > 0 {
			o.batch.First = o.first()
			c.writes = append(c.writes, o.batch)
		}
	}
	if len(c.writes) == 0 {
		return nil
	}
	err := c.hub.journal.log.appendBatches(g.draft, c.writes, g.offers)
	c.hub.mu.Lock()
	before := c.failure
	c.failure = err
	c.hub.mu.Unlock()
	now := time.Now()
	switch {
	case err == nil && before != nil:
		c.hub.logger.Info("the journal takes events again")
		c.logged = time.Time{}
	case err != nil && now.Sub(c.logged) >= complainEvery:
		c.logged = now
		c.hub.logger.Error("the journal cannot be written; events wait, deliveries go on", "error", err, "no_room", journal.IsNoRoom(err))
	}
	return err
}

const (
	// A group that could not be written is tried again after firstRewrite, and then after twice as long each time up
	// to lastRewrite.
	firstRewrite, lastRewrite = 20 * time.Millisecond, 500 * time.Millisecond
	// complainEvery is how often a journal that cannot be written is logged.
	complainEvery = 30 * time.Second
)

// pause waits for d and reports whether to go on trying.
func (c *committer) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.stop:
		return false
	}
}

// handOver tells everyone of what is durable now.
func (c *committer) handOver(o *offer) {
	records := o.records
	for _, s := range o.steps {
		if !s.again {
			for _, r := range records[:s.records] {
				c.hub.streams.publish(r)
			}
		}
		records = records[s.records:]
	}
	c.hub.after(o.records, o.steps)
}

// finish wakes those who wait for g.
func (c *committer) finish(g *group, err error) {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	c.writing = nil
	if err != nil {
		err = fmt.Errorf("%w: the hub was closed while the journal could not be written: %w", ErrUncertain, err)
		c.giveUp(g)
		c.gaveUp = err
	}
	g.finish(err)
	c.retry()
}

// giveUp counts what g held as lost. hub.mu is held.
func (c *committer) giveUp(g *group) {
	for _, o := range g.offers {
		for _, s := range o.steps {
			for _, d := range s.taken {
				c.lost[d] += s.records
			}
		}
	}
}

// pending returns the groups that are not on disk, in their order, and why some never will be.
func (c *committer) pending() (groups []*group, gaveUp error) {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	if c.writing != nil {
		groups = append(groups, c.writing)
	}
	if !c.gathering.empty() {
		groups = append(groups, c.gathering)
	}
	return groups, c.gaveUp
}

// end writes what is there, or gives it up, and stops.
func (c *committer) end() {
	close(c.stop)
	<-c.ended
}

// Sync returns when every event that was accepted before is as durable as the hub makes it: on disk with a journal,
// and at once without. When ctx ends first it returns the context's error; ErrUncertain if the hub was closed while the
// journal could not be written.
func (h *Hub) Sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil || h.committer == nil {
		return err
	}
	groups, gaveUp := h.committer.pending()
	for _, g := range groups {
		select {
		case <-g.done:
			gaveUp = errors.Join(gaveUp, g.err)
		case <-ctx.Done():
			return evbus.Ended(ctx)
		}
	}
	return gaveUp
}
