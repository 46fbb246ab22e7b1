package hub

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/providers"
)

// replayBatch is how many dead letters are replayed or discarded in one step.
const replayBatch = 256

// claims are the dead letters that a Replay or Discard is busy with, so that no other one takes them as well.
type claims struct {
	mu    sync.Mutex
	taken map[claim]struct{}
}

type claim struct {
	destination string
	key         uint64
}

// take claims l and reports whether nobody else has.
func (c *claims) take(l DeadLetter) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken == nil {
		c.taken = map[claim]struct{}{}
	}
	key := claim{l.Destination, l.Key()}
	_, busy := c.taken[key]
	c.taken[key] = struct{}{}
	return !busy
}

func (c *claims) release(letters []DeadLetter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range letters {
		delete(c.taken, claim{l.Destination, l.Key()})
	}
}

// chosen returns the dead letters that f chooses and that nobody is busy with, in batches of one destination each. They
// are claimed.
func (h *Hub) chosen(f DeadFilter) ([][]DeadLetter, error) {
	batches, err := batched(func(yield func(DeadLetter, error) bool) {
		for l, err := range h.DeadLetters(f) {
			if (err != nil || h.claims.take(l)) && !yield(l, err) {
				return
			}
		}
	})
	if err != nil {
		h.release(batches)
		return nil, err
	}
	return batches, nil
}

// batched returns letters in batches of one destination each.
func batched(letters iter.Seq2[DeadLetter, error]) (batches [][]DeadLetter, err error) {
	for l, err := range letters {
		if err != nil {
			return batches, err
		}
		if n := len(batches); n == 0 || len(batches[n-1]) == replayBatch || batches[n-1][0].Destination != l.Destination {
			batches = append(batches, nil)
		}
		last := &batches[len(batches)-1]
		*last = append(*last, l)
	}
	return batches, nil
}

func (h *Hub) release(batches [][]DeadLetter) {
	for _, letters := range batches {
		h.claims.release(letters)
	}
}

// Discard removes the dead letters that f chooses for good and returns how many.
func (h *Hub) Discard(f DeadFilter) (int, error) {
	batches, err := h.chosen(f)
	defer h.release(batches)
	n := 0
	for _, letters := range batches {
		ds := h.everyDestination()
		if i := indexOf(ds, letters[0].Destination); i >= 0 && err == nil {
			var removed int
			removed, err = ds[i].Discard(letters...)
			n += removed
		}
	}
	return n, err
}

func indexOf(ds []*evbus.Destination, name string) int {
	return slices.IndexFunc(ds, func(d *evbus.Destination) bool { return d.Name() == name })
}

// Replay puts the dead letters that f chooses again, each for its own destination alone, in their old order, behind
// what waits, with the same ids. It waits for room as Put does and returns how many it put. A letter goes when its
// event is accepted, with a journal: on disk; one whose destination is not in the acct file any more stays, and so does
// one that is too large for the limit of the journal, which is an error.
func (h *Hub) Replay(ctx context.Context, f DeadFilter) (int, error) {
	batches, err := h.chosen(f)
	defer h.release(batches)
	n := 0
	var large []error
	for _, letters := range batches {
		for len(letters) > 0 && err == nil {
			var replayed, passed int
			replayed, passed, err = h.replay(ctx, letters)
			if errors.Is(err, ErrTooLarge) {
				large = append(large, err)
				passed, err = 1, nil
			}
			n += replayed
			letters = letters[passed:]
		}
	}
	return n, errors.Join(append(large, err)...)
}

// replay replays letters, from the first on, and returns how many it did, and how many it is done with.
func (h *Hub) replay(ctx context.Context, letters []DeadLetter) (replayed, passed int, err error) {
	for {
		routing := h.routing.Load()
		i := indexOf(routing.Destinations(), letters[0].Destination)
		if i < 0 {
			return 0, len(letters), nil
		}
		d := routing.Destinations()[i]
		taken, full, err := h.tryReplay(routing, d, letters)
		if err != nil {
			return 0, 0, err
		}
		if taken.n > 0 {
			if err := h.awaitDurable(ctx, taken.offer); err != nil {
				return 0, 0, err
			}
			_, err := d.Discard(letters[:taken.n]...)
			return taken.n, taken.n, err
		}
		if full != nil {
			if err := h.awaitRoom(ctx, routing, full); err != nil {
				return 0, 0, err
			}
		}
	}
}

// tryReplay accepts the events of letters for d alone, until one finds no room.
func (h *Hub) tryReplay(routing *routing, d *evbus.Destination, letters []DeadLetter) (taken, *noRoom, error) {
	taken, full, err := h.enterReplay(routing, d, letters)
	switch {
	case taken.offer != nil:
		h.committer.encode(taken.offer)
	case taken.n > 0:
		d.Wake() // hooks that it calls may put an event
	}
	return taken, full, err
}

// enterReplay reserves room for the events of letters and enters those that find some.
func (h *Hub) enterReplay(routing *routing, d *evbus.Destination, letters []DeadLetter) (taken, *noRoom, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return taken{}, nil, ErrClosed
	}
	if h.routing.Load() != routing {
		return taken{}, nil, nil
	}
	if full := h.journalFull(); full != nil {
		return taken{}, full, nil
	}
	var records []*evbus.Record
	var full *noRoom
	size := offerSize{limits: h.limits}
	for _, l := range letters {
		r := l.Record().For(d.Number())
		fits, err := size.add(r, 1)
		if err != nil && len(records) == 0 {
			return taken{}, nil, fmt.Errorf("dead letter %s of %s: %w", providers.Visible(r.ID), d.Name(), err)
		}
		if !fits {
			break
		}
		if room := d.ReserveInBacklog(r); room != nil {
			full = &noRoom{FullError{Destination: d.Name()}, room}
			break
		}
		records = append(records, r)
	}
	if len(records) == 0 {
		return taken{}, full, nil
	}
	steps := []step{{taken: []*evbus.Destination{d}, records: len(records), again: true}}
	if h.committer != nil {
		return taken{n: len(records), offer: h.committer.offer(records, steps, true)}, full, nil
	}
	h.number(records, steps)
	return taken{n: len(records)}, full, h.log.Append(records)
}
