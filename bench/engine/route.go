package engine

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/evhub/evhub/bench/harness"
	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/profiles"
)

// lookup asks for the routes of a few profiles in turn.
type lookup struct {
	router   *evbus.Router
	profiles []string
	next     int // of profiles
	matches  int // destinations that each has
}

// Route is a contestant that looks up profiles: of those that half of 100 patterns match, or of those that no pattern
// matches; a few ones again and again, or every time one that was not asked for before.
func Route(name string, hit, known bool) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(_ context.Context, t harness.Task) (harness.Publisher, error) {
		const patterns = 100
		var globs []string
		var ds []*evbus.Destination
		for i := range patterns {
			pattern := fmt.Sprintf("service-%d-*", i)
			if i%2 == 0 {
				pattern = "idem-*"
			}
			globs = append(globs, pattern)
			ds = append(ds, evbus.NewDestination(pattern, uint32(i), evbus.Config{Options: evbus.DefaultOptions()},
				evbus.NewMemoryLog(), nil, nil, slog.New(slog.DiscardHandler)))
		}
		table, err := profiles.NewTable(profiles.Glob, globs)
		if err != nil {
			return nil, err
		}
		l := &lookup{router: evbus.NewRouter(table, ds)}
		prefix, count := "other-", 64
		if hit {
			prefix, l.matches = "idem-", patterns/2
		}
		if !known {
			count = t.Events + t.WarmUp
		}
		for i := range count {
			l.profiles = append(l.profiles, fmt.Sprint(prefix, i))
		}
		return l, nil
	}}
}

// Publish looks up n profiles.
func (l *lookup) Publish(_ context.Context, n int) error {
	for range n {
		profile := l.profiles[l.next]
		l.next = (l.next + 1) % len(l.profiles)
		if route := l.router.Route(profile); len(route.Destinations) != l.matches {
			return fmt.Errorf("%s: %d destinations, want %d", profile, len(route.Destinations), l.matches)
		}
	}
	return nil
}

// Close does nothing.
func (l *lookup) Close(context.Context) error { return nil }
