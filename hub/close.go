package hub

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evhub/evhub/evbus"
)

// RemainingError says what a closed hub could not deliver, in events by destination.
type RemainingError struct {
	// Kept are in the journal and will be delivered after the next start; Lost are gone with the process.
	Kept, Lost map[string]int
}

func (e *RemainingError) Error() string {
	var parts []string
	for _, of := range []struct {
		what string
		m    map[string]int
	}{{"kept for the next start", e.Kept}, {"lost", e.Lost}} {
		for _, name := range slices.Sorted(maps.Keys(of.m)) {
			parts = append(parts, fmt.Sprintf("%d for %s (%s)", of.m[name], name, of.what))
		}
	}
	return "evhub: closed with undelivered events: " + strings.Join(parts, ", ")
}

// stopTimeout bounds how long a destination may take to end once it has been told to.
const stopTimeout = 10 * time.Second

// Close stops accepting, delivers what was accepted until ctx ends, and then stops every destination. What could not
// be delivered comes back as a *RemainingError. A second Close does nothing and returns nil.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	first := !h.closed
	if first {
		h.closed = true
		close(h.closing)
	}
	h.mu.Unlock()
	if !first {
		return nil
	}
	for _, d := range h.everyDestination() {
		d.Drain()
	}
	_ = h.Flush(ctx) // what it could not wait for is counted below
	h.lastErrorEvents(ctx)
	if h.committer != nil {
		h.committer.end()
	}
	h.streams.close()
	h.reloading.Lock()
	defer h.reloading.Unlock()
	all := h.everyDestinationLocked()
	for _, r := range h.retired {
		r.cancel()
	}
	h.draining.Wait()
	h.stopAll()
	close(h.stopped)
	if h.journal == nil {
		h.warnOfLetters(all)
		return remaining(all, nil)
	}
	err := remaining(all, h.committer.lost)
	h.journal.passMissed(all)
	if closeErr := h.closeJournal(); closeErr != nil {
		return errors.Join(err, closeErr)
	}
	return err
}

func (h *Hub) stopAll() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	stopped := make(chan error)
	ds := h.routing.Load().Destinations()
	for _, d := range ds {
		go func() { stopped <- d.Stop(ctx) }()
	}
	for range ds {
		if err := <-stopped; err != nil {
			h.logger.Error("a destination did not stop in time", "error", err)
		}
	}
}

// warnOfLetters says which dead letters end with the process.
func (h *Hub) warnOfLetters(ds []*evbus.Destination) {
	for _, d := range ds {
		if n := d.Stats().DeadLetters; n > 0 {
			h.logger.Warn("dead letters are in memory only and are gone now", "destination", d.Name(), "letters", n)
		}
	}
}

// remaining says what ds could not deliver. With a journal all of that is kept but for what it could not take, which is
// unwritten.
func remaining(ds []*evbus.Destination, unwritten map[*evbus.Destination]int) error {
	e := &RemainingError{Kept: map[string]int{}, Lost: map[string]int{}}
	for _, d := range ds {
		kept, lost := d.Remaining(), unwritten[d]
		if unwritten == nil {
			kept, lost = 0, kept
		}
		if kept -= lost; kept > 0 {
			e.Kept[d.Name()] = kept
		}
		if lost > 0 {
			e.Lost[d.Name()] = lost
		}
	}
	if len(e.Kept)+len(e.Lost) == 0 {
		return nil
	}
	return e
}
