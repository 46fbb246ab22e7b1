package hub

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
)

// group is what becomes durable by one write to the journal.
type group struct {
	offers []*offer
	bytes  int64
	// callers is how many of those who brought offers wait for the group.
	callers int
	draft   *journal.Draft // in which the offers are encoded
	// encoding are the offers whose callers still encode them.
	encoding sync.WaitGroup
	done     chan struct{} // closed when it is on disk, or given up
	err      error         // why it was given up
}

// offer is what one caller brought: records with room reserved.
type offer struct {
	records []*evbus.Record
	steps   []step
	group   *group
	batch   *journal.Batch // those of records that go into the journal, encoded
	awaited bool           // whoever brought it waits for it
	// withdrawn: it was taken back. Only its caller does that.
	withdrawn bool
}

func newGroup(draft *journal.Draft) *group { return &group{draft: draft, done: make(chan struct{})} }

func (g *group) add(o *offer) {
	o.group = g
	if records, bytes := o.journalledSize(); records > 0 {
		g.draft.Place(o.batch, records, bytes)
	}
	g.encoding.Add(1)
	g.offers = append(g.offers, o)
	g.bytes += o.bytes()
	if o.awaited {
		g.callers++
	}
}

// remove takes o out and reports whether it was there.
func (g *group) remove(o *offer) bool {
	i := slices.Index(g.offers, o)
	if i < 0 {
		return false
	}
	g.offers = slices.Delete(g.offers, i, i+1)
	g.bytes -= o.bytes()
	if o.awaited {
		g.callers--
	}
	return true
}

func (g *group) empty() bool { return len(g.offers) == 0 }

// finish wakes those who wait for g.
func (g *group) finish(err error) {
	g.err = err
	close(g.done)
}

// encode encodes the records that go into the journal. Each caller does so for its own, beside the others and while the
// disk works on those before.
func (o *offer) encode() {
	for r := range o.journalled() {
		o.batch.Add(r.Destinations, r)
	}
	o.group.encoding.Done()
}

// journalled yields the records that go into the journal.
func (o *offer) journalled() iter.Seq[*evbus.Record] {
	return func(yield func(*evbus.Record) bool) {
		records := o.records
		for _, s := range o.steps {
			for _, r := range records[:s.records] {
				if len(s.taken) > 0 && !yield(r) {
					return
				}
			}
			records = records[s.records:]
		}
	}
}

// journalledSize is how many records go into the journal, and how many bytes they take there.
func (o *offer) journalledSize() (records int, bytes int64) {
	for r := range o.journalled() {
		records++
		bytes += journal.FrameSize(r.Destinations, int(r.Size()-evbus.JournalOverhead))
	}
	return records, bytes
}

// first is the Seq of the first record that goes into the journal; 0 if there is none.
func (o *offer) first() uint64 {
	for r := range o.journalled() {
		return r.Seq
	}
	return 0
}

func (o *offer) bytes() int64 {
	var n int64
	for _, r := range o.records {
		n += journalSize(r, len(r.Destinations))
	}
	return n
}

// cancel gives back the room that was reserved.
func (o *offer) cancel() {
	records := o.records
	for _, s := range o.steps {
		for _, r := range records[:s.records] {
			for _, d := range s.taken {
				d.Cancel(r)
			}
		}
		records = records[s.records:]
	}
}

// awaitDurable waits until the first of offers is on disk. If ctx ends before, all of them of which nothing is written
// are taken back and not accepted. Once the first is being written nobody knows, which is ErrUncertain.
func (h *Hub) awaitDurable(ctx context.Context, offers ...*offer) error {
	o := offers[0]
	switch {
	case o == nil:
		return nil
	case o.withdrawn:
		return evbus.Ended(ctx)
	}
	select {
	case <-o.group.done:
		return o.group.err
	default:
	}
	select {
	case <-o.group.done:
		return o.group.err
	case <-ctx.Done():
		if h.committer.withdraw(offers) {
			return evbus.Ended(ctx)
		}
		select {
		case <-o.group.done: // just now
			return o.group.err
		default:
		}
		return fmt.Errorf("%w: %w", ErrUncertain, evbus.Ended(ctx))
	}
}
