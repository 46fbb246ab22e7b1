// Package backlogs measures what a hub does with events that wait in its journal: it opens, and it catches up.
package backlogs

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/bench/load"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/file"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/evhub/evhub/providers/providertest"
)

// Destination is where the events go that wait.
type Destination struct {
	provider providers.Provider
	// entry is what the acct file says of it.
	entry func(t harness.Task) string
}

// Discard takes everything, at once and for nothing.
func Discard() Destination {
	broker := providertest.NewDiscardingFake(providers.Caps{Acked: true, Order: providers.Full})
	return Destination{
		provider: providertest.FakeProvider("discard", map[string]*providertest.Fake{"broker": broker}),
		entry:    func(harness.Task) string { return "address: broker, format: raw" },
	}
}

// File writes each event as a line of a file, which is not synced.
func File() Destination {
	return Destination{
		provider: file.Provider(),
		entry:    func(t harness.Task) string { return fmt.Sprintf("path: %q, fsync: never", filepath.Join(t.Dir, "out")) },
	}
}

// Kafka is a topic of the broker that the task names.
func Kafka() Destination {
	return Destination{
		provider: kafka.Provider(),
		entry: func(t harness.Task) string {
			return fmt.Sprintf("topics: [%s], connection: {bootstrap_servers: %q}, headers: false, format: raw", t.Target, t.Address)
		},
	}
}

// setup is a hub with one destination.
type setup struct {
	file    *acct.File
	journal string        // its folder
	up      chan struct{} // closed: the destination can be dialled
	options []hub.Option
}

// newSetup returns the setup of a hub whose destination has these delivery options.
func newSetup(to Destination, t harness.Task, delivery string) (*setup, error) {
	text := fmt.Sprintf("%s:\n- %q: {%s, delivery: {%s}}\n", to.provider.Name, load.Pattern, to.entry(t), delivery)
	f, err := acct.Parse("bench.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	s := &setup{file: f, journal: filepath.Join(t.Dir, "journal"), up: make(chan struct{})}
	s.options = []hub.Option{hub.WithProviders(gated(to.provider, s.up)), hub.WithLogger(slog.New(slog.DiscardHandler))}
	return s, nil
}

// open opens the hub on its journal.
func (s *setup) open(ctx context.Context) (*hub.Hub, error) {
	return hub.Open(ctx, s.file, append(s.options, hub.WithJournal(s.journal, hub.JournalOptions{}))...)
}

// gated lets nobody dial before up is closed.
func gated(p providers.Provider, up <-chan struct{}) providers.Provider {
	configure := p.Configure
	p.Configure = func(d providers.Decoder) ([]providers.Connection, error) {
		all, err := configure(d)
		for i := range all {
			open := all[i].Open
			all[i].Open = func(e providers.Env) (providers.Dial, error) {
				dial, err := open(e)
				return gate(dial, up), err
			}
		}
		return all, err
	}
	return p
}

func gate(dial providers.Dial, up <-chan struct{}) providers.Dial {
	return func(ctx context.Context) (providers.Session, error) {
		select {
		case <-up:
			return dial(ctx)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
