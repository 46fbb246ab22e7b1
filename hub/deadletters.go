package hub

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/profiles"
)

// DeadFilter chooses dead letters. What is left zero chooses all.
type DeadFilter struct {
	// Destination and Profile are globs.
	Destination, Profile string
	// Reason is a part of the reason.
	Reason string
	// Since and Until bound the time at which the letter was written.
	Since, Until time.Time
}

func (f DeadFilter) compile() (func(DeadLetter) bool, error) {
	destination, err := globOrAll(f.Destination)
	if err != nil {
		return nil, err
	}
	profile, err := globOrAll(f.Profile)
	if err != nil {
		return nil, err
	}
	return func(l DeadLetter) bool {
		return destination.Match(l.Destination) && profile.Match(l.Event.Profile) &&
			strings.Contains(l.Reason, f.Reason) &&
			(f.Since.IsZero() || !l.Time.Before(f.Since)) && (f.Until.IsZero() || !l.Time.After(f.Until))
	}, nil
}

func globOrAll(pattern string) (profiles.Matcher, error) {
	if pattern == "" {
		pattern = "*"
	}
	return profiles.Glob(pattern)
}

// DeadLetters yields the dead letters that f chooses, oldest first at each destination.
func (h *Hub) DeadLetters(f DeadFilter) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		chosen, err := f.compile()
		if err != nil {
			yield(DeadLetter{}, err)
			return
		}
		for _, d := range h.everyDestination() {
			for l, err := range d.DeadLetters() {
				if (err != nil || chosen(l)) && !yield(l, err) {
					return
				}
			}
		}
	}
}

// Discard removes the dead letters that f chooses for good and returns how many.
func (h *Hub) Discard(f DeadFilter) (int, error) {
	n := 0
	for l, err := range h.DeadLetters(f) {
		if err != nil {
			return n, err
		}
		removed, err := h.discard(l)
		if err != nil {
			return n, err
		}
		if removed {
			n++
		}
	}
	return n, nil
}

func (h *Hub) discard(l DeadLetter) (bool, error) {
	ds := h.everyDestination()
	i := slices.IndexFunc(ds, func(d *evbus.Destination) bool { return d.Name() == l.Destination })
	if i < 0 {
		return false, nil
	}
	return ds[i].Discard(l)
}

// Replay puts the dead letters that f chooses again, each for its own destination alone, in their old order, behind
// what waits, with the same ids. It waits for room as Put does and returns how many it put. A letter goes when its
// event is accepted; one whose destination is not in the acct file any more stays.
func (h *Hub) Replay(ctx context.Context, f DeadFilter) (int, error) {
	var letters []DeadLetter
	for l, err := range h.DeadLetters(f) {
		if err != nil {
			return 0, err
		}
		letters = append(letters, l)
	}
	n := 0
	for _, l := range letters {
		replayed, err := h.replay(ctx, l)
		if err != nil {
			return n, err
		}
		if replayed {
			n++
		}
	}
	return n, nil
}

func (h *Hub) replay(ctx context.Context, l DeadLetter) (bool, error) {
	for {
		routing := h.routing.Load()
		replayed, full, err := h.tryReplay(routing, l)
		if full == nil {
			return replayed, err
		}
		if err := h.awaitRoom(ctx, routing, full); err != nil {
			return false, err
		}
	}
}

// tryReplay accepts the event of l for its destination alone.
func (h *Hub) tryReplay(routing *routing, l DeadLetter) (bool, *noRoom, error) {
	ds := routing.Destinations()
	i := slices.IndexFunc(ds, func(d *evbus.Destination) bool { return d.Name() == l.Destination })
	if i < 0 {
		return false, nil, nil
	}
	d := ds[i]
	r := l.Record().For(d.Number())
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return false, nil, ErrClosed
	case h.routing.Load() != routing:
		return false, &noRoom{d.Name(), nil}, nil // routing.replaced is closed by now, or will be at once
	}
	if room := d.ReserveInBacklog(r); room != nil {
		return false, &noRoom{d.Name(), room}, nil
	}
	if removed, err := d.Discard(l); !removed {
		d.Cancel(r)
		return false, nil, err
	}
	h.seq++
	r.Seq = h.seq
	d.Enter(r.Seq, 1)
	err := h.log.Append([]*evbus.Record{r})
	d.Wake()
	return err == nil, nil, err
}
