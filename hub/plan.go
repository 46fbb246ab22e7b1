package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/profiles"
	"github.com/evhub/evhub/providers"
)

// Plan is an acct file that has been found right as a whole: what a hub would run.
type Plan struct {
	// Destinations are in the order of the file.
	Destinations []PlannedDestination
	// MatchPlugin is the plugin that every pattern of the file was compiled by.
	MatchPlugin string
	// Warnings are what is odd about the file, and not wrong.
	Warnings []acct.Warning

	table  *profiles.Table
	sealer *evbus.Sealer
}

// PlannedDestination is one destination of a plan.
type PlannedDestination struct {
	// Name is the destination's identity, Pattern the key in the file that chooses its profiles.
	Name, Pattern string
	// Section is the top-level key of the entry and Line where in the file the entry stands; 0 if unknown.
	Section string
	Line    int
	// Filter says which events of these profiles the destination wants; nil: all.
	Filter evbus.Filter
	// Config says where the destination leads, and how.
	Config evbus.Config
}

// NewPlan checks f as Open would, without any I/O and without starting anything. Its error holds all mistakes of the
// file.
func NewPlan(f *acct.File, opts ...Option) (*Plan, error) { return newConfig(opts).plan(f) }

// Route returns the indices in Destinations of those whose pattern matches profile, in ascending order, whatever their
// filters say. RouteEvent asks these too.
func (p *Plan) Route(profile string) []int { return p.table.Match(profile) }

// Connect dials the destination and hangs up again.
func (d PlannedDestination) Connect(ctx context.Context) error {
	session, err := d.Config.Dial(ctx)
	if err != nil {
		return err
	}
	return session.Close(ctx)
}

// plan decodes every entry and opens every connection without any I/O. Its error holds all mistakes of the file.
func (c *config) plan(f *acct.File) (*Plan, error) {
	byName := c.providersByName()
	entries, warnings, err := f.Entries(slices.Sorted(mapKeys(byName)))
	errs := []error{err}
	p := &Plan{
		Warnings: slices.Concat(f.Warnings, warnings), MatchPlugin: f.MatchPlugin,
		sealer: evbus.NewSealer(c.runName, c.maxEvent),
	}
	names := map[string]bool{}
	var origins []acct.Entry
	for _, e := range entries {
		planned, err := c.planEntry(e, byName[e.Section], names, c.matchers[f.MatchPlugin])
		errs = append(errs, err)
		p.Destinations = append(p.Destinations, planned...)
		for range planned {
			origins = append(origins, e)
		}
	}
	p.table, err = c.compile(f, p.Destinations, origins)
	errs = append(errs, err)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

func (c *config) providersByName() map[string]providers.Provider {
	byName := map[string]providers.Provider{}
	for _, p := range c.providers {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			byName[name] = p
		}
	}
	return byName
}

func mapKeys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// entryDecoder lets a provider and the engine decode the same entry, each its own keys.
type entryDecoder struct {
	entry   acct.Entry
	options *evbus.Options
	wishes  *evbus.Wishes
}

func (d entryDecoder) Decode(into any) error { return d.entry.Decode(into, d.options, d.wishes) }

// planEntry returns the destinations of one entry. names holds the identities given so far; compile is nil if the match
// plugin is not known.
func (c *config) planEntry(e acct.Entry, p providers.Provider, names map[string]bool, compile profiles.Compile) ([]PlannedDestination, error) {
	options := evbus.DefaultOptions()
	if c.journal != "" {
		options.Delivery.Backlog = evbus.DefaultBacklogWithJournal
	}
	options.Format = "" // so that it shows if the entry names none
	wrong := mistakes{entry: e}
	var wishes evbus.Wishes
	conns, err := p.Configure(entryDecoder{e, &options, &wishes})
	wrong.decoding(err)
	filter := wrong.filter(wishes, compile)
	options.Format = cmp.Or(c.format, options.Format, usualFormat(conns), evbus.DefaultFormat)
	wrong.checking(options.Check())
	var all []PlannedDestination
	for _, conn := range conns {
		name := identity(e, conn, options.Name, len(conns) > 1)
		name = numbered(names, name)
		dial, err := conn.Open(providers.Env{
			Destination: name, Logger: c.logger.With("destination", name),
			Order: options.Delivery.Order, Timeout: options.Delivery.Timeout, Format: options.Format,
		})
		wrong.checking(err)
		all = append(all, PlannedDestination{
			Name: name, Pattern: e.Pattern, Section: e.Section, Line: e.Line, Filter: filter,
			Config: evbus.Config{Connection: conn, Options: options, Dial: dial},
		})
	}
	if len(wrong.errs) > 0 {
		return nil, errors.Join(wrong.errs...)
	}
	return all, nil
}

// usualFormat is the format that the provider of conns, all of one entry, has where the entry names none.
func usualFormat(conns []providers.Connection) string {
	if len(conns) == 0 {
		return ""
	}
	return conns[0].Caps.Format
}

// numbered returns name, with a number behind it if names has it already, and adds it to names.
func numbered(names map[string]bool, name string) string {
	unique := name
	for n := 2; names[unique]; n++ {
		unique = fmt.Sprintf("%s#%d", name, n)
	}
	names[unique] = true
	return unique
}

// identity names a destination: by the name that the user gave it, else by its pattern and address. The address also
// tells the connections of one entry apart.
func identity(e acct.Entry, conn providers.Connection, name string, several bool) string {
	switch {
	case name == "" && conn.Address == "":
		return conn.Provider + ":" + providers.Visible(e.Pattern)
	case name == "":
		return conn.Provider + ":" + providers.Visible(e.Pattern) + "@" + providers.Visible(conn.Address)
	case several:
		return conn.Provider + ":" + providers.Visible(name) + "@" + providers.Visible(conn.Address)
	default:
		return conn.Provider + ":" + providers.Visible(name)
	}
}

// compile makes the table of all patterns, one for each destination.
func (c *config) compile(f *acct.File, ds []PlannedDestination, origins []acct.Entry) (*profiles.Table, error) {
	compile, ok := c.matchers[f.MatchPlugin]
	if !ok {
		return nil, f.MatchPluginError(fmt.Errorf("no match plugin %q; there are %s", f.MatchPlugin,
			strings.Join(slices.Sorted(mapKeys(c.matchers)), ", ")))
	}
	patterns := make([]string, len(ds))
	for i, d := range ds {
		patterns[i] = d.Pattern
	}
	table, err := profiles.NewTable(compile, patterns)
	if err == nil {
		return table, nil
	}
	return nil, placedPatterns(origins, err)
}
