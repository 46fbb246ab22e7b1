// Package hubs publishes through evhub, in each way that its API has.
package hubs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/bench/load"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
)

// Setup describes a hub and how to use it.
type Setup struct {
	// File is the text of the acct file.
	File string
	// Providers of the hub.
	Providers []providers.Provider
	// Way puts the events.
	Way Way
	// Body turns a prepared body into the one of an event.
	Body func(json []byte) any
	// Journal is the folder of the hub's journal; "" for none.
	Journal string
}

// publisher is a hub as a contestant.
type publisher struct {
	hub    *hub.Hub
	way    Way
	events []hub.Event
}

// Open starts a hub and prepares its events, so that making them is not measured, as with the other clients.
func Open(ctx context.Context, t harness.Task, s Setup) (harness.Publisher, error) {
	f, err := acct.Parse("bench.yaml", []byte(s.File))
	if err != nil {
		return nil, err
	}
	options := []hub.Option{hub.WithProviders(s.Providers...), hub.WithLogger(slog.New(slog.DiscardHandler))}
	if s.Journal != "" {
		options = append(options, hub.WithJournal(s.Journal, hub.JournalOptions{}))
	}
	h, err := hub.Open(ctx, f, options...)
	if err != nil {
		return nil, err
	}
	return &publisher{hub: h, way: s.Way, events: Events(t.Body, s.Body)}, nil
}

// Events returns events for all profiles, as many as are put at once at the most.
func Events(size int, body func(json []byte) any) []hub.Event {
	events := make([]hub.Event, chunk)
	bodies, profiles := load.Bodies(size), load.Profiles()
	for i := range events {
		events[i] = hub.Event{Profile: profiles[i%len(profiles)], Body: body(bodies[i%len(bodies)])}
	}
	return events
}

// Publish implements harness.Publisher.
func (p *publisher) Publish(ctx context.Context, n int) error {
	if err := p.way(ctx, p, n); err != nil {
		return err
	}
	if err := p.hub.Flush(ctx); err != nil {
		return err
	}
	return p.undelivered()
}

// undelivered is an error if an event went another way than to its destination.
func (p *publisher) undelivered() error {
	s := p.hub.Stats()
	errs := []error{}
	if s.Unmatched > 0 {
		errs = append(errs, fmt.Errorf("%d events matched nothing", s.Unmatched))
	}
	for _, d := range s.Destinations {
		if d.Delivered != s.Accepted {
			errs = append(errs, fmt.Errorf("%s got %d of %d events: %s", d.Name, d.Delivered, s.Accepted, d.LastError))
		}
	}
	return errors.Join(errs...)
}

// Close implements harness.Publisher.
func (p *publisher) Close(ctx context.Context) error { return p.hub.Close(ctx) }
