package evbus

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/evhub/evhub/profiles"
)

func newRouter(tb testing.TB, patterns ...string) *Router {
	return newFilteringRouter(tb, nil, patterns...)
}

func newFilteringRouter(tb testing.TB, filters []Filter, patterns ...string) *Router {
	table, err := profiles.NewTable(profiles.Glob, patterns)
	if err != nil {
		tb.Fatal(err)
	}
	var ds []*Destination
	for i, p := range patterns {
		ds = append(ds, NewDestination(p, uint32(i+10), Config{Options: DefaultOptions()}, NewMemoryLog(), NewMemoryLetters(), nil,
			slog.New(slog.DiscardHandler)))
	}
	return NewRouter(table, ds, filters...)
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

func names(route *Route) string {
	var names []string
	for _, d := range route.Destinations {
		names = append(names, d.Name())
	}
	return fmt.Sprint(names, route.Numbers)
}

func TestFiltersNarrowTheRoute(t *testing.T) {
	a, b := filterOf(t, "tags.a", "1", "message.n", "*"), filterOf(t, "tags.a", "*", "tags.b", "1")
	r := newFilteringRouter(t, []Filter{a, nil, b, a}, "p*", "q*", "*", "p")
	for text, want := range map[string]string{
		"p {}":                "[] []",
		`p {"a": 1}`:          "[p* p] [10 13]",
		`p {"a": 2, "b": 1}`:  "[*] [12]",
		`p {"a": 1, "b": 1}`:  "[p* * p] [10 12 13]",
		"q {}":                "[q*] [11]",
		`q {"a": 2, "b": 1}`:  "[q* *] [11 12]",
		`p2 {"a": 1, "b": 1}`: "[p* *] [10 12]",
	} {
		profile, tags, _ := strings.Cut(text, " ")
		record := sealedAs(t, Event{Profile: profile, Tags: json.RawMessage(tags), Body: map[string]int{"n": 1}})
		for range 2 { // the second one comes from the cache
			route := r.Routes([]*Record{record})[0]
			if got := names(route); got != want || route.Filtered != (want == "[] []") {
				t.Errorf("%s goes to %s, %v, want %s", text, got, route.Filtered, want)
			}
		}
	}
	all := sealedAs(t, Event{Profile: "p", Tags: json.RawMessage(`{"a": 1, "b": 1}`), Body: map[string]int{"n": 1}})
	if r.Routes([]*Record{all})[0] != r.Route("p") {
		t.Error("an event that all want has a route of its own")
	}
	if !r.Route("p").Sparse || r.Route("other").Filtered {
		t.Error("a route with filters is not sparse, or one without a match is filtered")
	}
}

func TestRoutesWithoutFiltersAreThoseOfTheProfiles(t *testing.T) {
	r := newFilteringRouter(t, []Filter{nil, {}}, "p", "q")
	if r.Routes([]*Record{sealedAs(t, Event{Profile: "p"})}) != nil || r.Route("p").Sparse {
		t.Error("there are filters")
	}
}

func TestEqualAnswersAreOneRoute(t *testing.T) {
	a := filterOf(t, "tags.a", "1")
	r := newFilteringRouter(t, []Filter{a, nil}, "*", "*")
	records := []*Record{sealedAs(t, Event{Profile: "x"}), sealedAs(t, Event{Profile: "y", Tags: map[string]int{"a": 2}})}
	if routes := r.Routes(records); routes[0] != routes[1] {
		t.Error("two routes to the same destinations")
	}
	if n := testing.AllocsPerRun(100, func() { r.Routes(records) }); n > 4 { // the answer, and what it takes to find it
		t.Errorf("%v allocations", n)
	}
}

func TestMoreSetsOfDestinationsThanTheCacheHolds(t *testing.T) {
	var filters []Filter
	var patterns []string
	for i := range 11 {
		filters, patterns = append(filters, filterOf(t, fmt.Sprintf("tags.t%d", i), "1")), append(patterns, "*")
	}
	r := newFilteringRouter(t, filters, patterns...)
	for set := range 1 << 11 {
		tags, want := map[string]int{}, 0
		for i := range 11 {
			if set&(1<<i) != 0 {
				tags[fmt.Sprintf("t%d", i)] = 1
				want++
			}
		}
		if got := len(r.Routes([]*Record{sealedAs(t, Event{Profile: "x", Tags: tags})})[0].Destinations); got != want {
			t.Fatalf("set %b goes to %d destinations, want %d", set, got, want)
		}
	}
	if n := len(*r.byFilter.routes.Load()); n != maxRoutes {
		t.Errorf("%d routes are kept", n)
	}
}
