package evbus

import (
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Route is where the events of one profile go, or those of them that pass the same filters. It is shared: nobody
// changes it.
type Route struct {
	Destinations []*Destination
	// Numbers are the destinations' numbers, in the same order.
	Numbers []uint32
	// Sparse: a destination may keep some of the route's events and do without those between them.
	Sparse bool
	// Filtered: there are no destinations although patterns match, as no filter lets the event pass.
	Filtered bool

	indices []int // of the destinations, in the router
	filters *routeFilters
}

// routeFilters are the filters of a route's destinations.
type routeFilters struct {
	lookup *lookup
	asked  [][]asked // by destination; nil: it has no filter
}

// asked is a condition, and which of the values found it is about.
type asked struct {
	Condition
	value int
}

// newRouteFilters returns nil if there is nothing to ask.
func newRouteFilters(filters []Filter) *routeFilters {
	f := &routeFilters{lookup: newLookup(filters...), asked: make([][]asked, len(filters))}
	for i, filter := range filters {
		for _, c := range filter {
			f.asked[i] = append(f.asked[i], asked{c, f.lookup.places[c.Path]})
		}
	}
	if len(f.lookup.places) == 0 {
		return nil
	}
	return f
}

// answers is memory for the answers of filters, used again for each record.
type answers struct {
	values  [][]byte
	scalars []scalar
	passing []int
}

// ask returns those of indices, one for each destination of the route, whose filters let r pass.
func (a *answers) ask(f *routeFilters, indices []int, r *Record) []int {
	n := len(f.lookup.places)
	a.values = f.lookup.values(slices.Grow(a.values[:0], n), r)
	a.scalars, a.passing = slices.Grow(a.scalars[:0], n), slices.Grow(a.passing[:0], len(indices))
	for _, value := range a.values {
		a.scalars = append(a.scalars, scalarOf(value))
	}
	for i, conditions := range f.asked {
		if allHold(conditions, a.scalars) {
			a.passing = append(a.passing, indices[i])
		}
	}
	return a.passing
}

func allHold(conditions []asked, scalars []scalar) bool {
	for i := range conditions {
		if c := &conditions[i]; !c.matches(scalars[c.value]) {
			return false
		}
	}
	return true
}

// maxRoutes bounds the routes of a cache. There is one for each set of destinations, so few files need more.
const maxRoutes = 1024

// routeCache keeps the route of each set of destinations.
type routeCache struct {
	// routes is replaced when there is one more, so that those who look up take no lock.
	routes atomic.Pointer[map[string]*Route]
	adding sync.Mutex
}

// get returns the route to the destinations at indices, which build makes if it is not there.
func (c *routeCache) get(indices []int, build func(indices []int) *Route) *Route {
	var space [64]byte
	key := space[:0]
	for _, i := range indices {
		key = binary.AppendUvarint(key, uint64(i))
	}
	if routes := c.routes.Load(); routes != nil {
		if route := (*routes)[string(key)]; route != nil {
			return route
		}
	}
	route := build(indices)
	c.add(string(key), route)
	return route
}

func (c *routeCache) add(key string, route *Route) {
	c.adding.Lock()
	defer c.adding.Unlock()
	routes := map[string]*Route{}
	if known := c.routes.Load(); known != nil {
		if len(*known) >= maxRoutes {
			return
		}
		routes = maps.Clone(*known)
	}
	routes[key] = route
	c.routes.Store(&routes)
}
