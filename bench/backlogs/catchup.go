package backlogs

import (
	"context"
	"fmt"

	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/bench/hubs"
	"github.com/evhub/evhub/hub"
)

// catchUp is a hub that delivers what waits, once its destination is up.
type catchUp struct {
	hub *hub.Hub
	up  chan<- struct{}
}

// Publish implements harness.Publisher: it returns when the n events that wait are delivered.
func (c *catchUp) Publish(ctx context.Context, n int) error {
	if n == 0 {
		return nil // there is no warm-up
	}
	close(c.up)
	if err := c.hub.Flush(ctx); err != nil {
		return err
	}
	if d := c.hub.Stats().Destinations[0]; d.Delivered != int64(n) {
		return fmt.Errorf("%d events of %d were delivered: %s", d.Delivered, n, d.LastError)
	}
	return nil
}

// Close implements harness.Publisher.
func (c *catchUp) Close(ctx context.Context) error { return c.hub.Close(ctx) }

// FromMemory is a contestant whose events wait in memory, behind a broker that did not answer.
func FromMemory(name string, to func() Destination) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(ctx context.Context, t harness.Task) (harness.Publisher, error) {
		s, err := newSetup(to(), t, "backlog: 1TiB")
		if err != nil {
			return nil, err
		}
		h, err := hub.Open(ctx, s.file, s.options...)
		if err != nil {
			return nil, err
		}
		events := hubs.Events(t.Body, hubs.Opaque)
		for left := t.Events; left > 0; left -= group {
			if _, err := h.PutAll(ctx, events[:min(left, group)]); err != nil {
				return nil, err
			}
		}
		return &catchUp{hub: h, up: s.up}, nil
	}}
}

// FromDisk is a contestant whose events wait in a journal, none of them in memory. Cold ones have left the page cache, as
// far as the system lets go of them.
func FromDisk(name string, to func() Destination, cold bool) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(ctx context.Context, t harness.Task) (harness.Publisher, error) {
		s, err := newSetup(to(), t, "backlog: 1TiB")
		if err != nil {
			return nil, err
		}
		f, err := s.newFiller(t.Body)
		if err != nil {
			return nil, err
		}
		for left := t.Events; left > 0; left -= filled {
			if err := f.add(min(left, filled)); err != nil {
				return nil, err
			}
		}
		h, err := s.open(ctx)
		if err != nil {
			return nil, err
		}
		settle := warm // what was written past the page cache is not in it
		if cold {
			settle = forget
		}
		if err := settle(s.journal); err != nil {
			return nil, err
		}
		return &catchUp{hub: h, up: s.up}, nil
	}}
}
