package evbus

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/evhub/evhub/profiles"
)

func newRouter(tb testing.TB, patterns ...string) *Router {
	table, err := profiles.NewTable(profiles.Glob, patterns)
	if err != nil {
		tb.Fatal(err)
	}
	var ds []*Destination
	for i, p := range patterns {
		ds = append(ds, NewDestination(p, uint32(i+10), Config{Options: DefaultOptions()}, NewMemoryLog(), NewMemoryLetters(), nil,
			slog.New(slog.DiscardHandler)))
	}
	return NewRouter(table, ds)
}

func TestRouteKeepsTheOrderOfTheFile(t *testing.T) {
	r := newRouter(t, "idem-*", "other", "*", "idem-status")
	for profile, want := range map[string]string{
		"idem-status": "[idem-* * idem-status] [10 12 13]", "other": "[other *] [11 12]", "": "[*] [12]",
	} {
		for range 2 { // the second one comes from the cache
			route := r.Route(profile)
			var names []string
			for _, d := range route.Destinations {
				names = append(names, d.Name())
			}
			if got := fmt.Sprint(names, route.Numbers); got != want {
				t.Errorf("%q goes to %s, want %s", profile, got, want)
			}
		}
	}
}

func TestAKnownRouteAllocatesNothing(t *testing.T) {
	r := newRouter(t, "idem-*", "other", "*", "idem-status")
	if n := testing.AllocsPerRun(100, func() { r.Route("idem-status") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRoute(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d patterns", n), func(b *testing.B) {
			patterns := []string{"idem-*"}
			for i := 1; i < n; i++ {
				patterns = append(patterns, fmt.Sprintf("other-%d-*", i))
			}
			r := newRouter(b, patterns...)
			b.ReportAllocs()
			for b.Loop() {
				r.Route("idem-status")
			}
		})
	}
}
