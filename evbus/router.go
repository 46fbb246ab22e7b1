package evbus

import (
	"encoding/binary"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/evhub/evhub/profiles"
)

// Route is where the events of one profile go. It is shared: nobody changes it.
type Route struct {
	Destinations []*Destination
	// Numbers are the destinations' numbers, in the same order.
	Numbers []uint32
	// Sparse: a destination may keep some of the route's events and drop those between them.
	Sparse bool
}

// Router finds the destinations of a profile. It is immutable, but for a cache, and safe for concurrent use.
type Router struct {
	table        *profiles.Table
	destinations []*Destination

	// routes is replaced when there is one more, so that those who look up take no lock.
	routes   atomic.Pointer[map[string]*Route]
	building sync.Mutex
}

// maxRoutes bounds the cached routes. There is one for each set of destinations, so few files need more.
const maxRoutes = 1024

// NewRouter returns a router for destinations, of which the i-th belongs to the i-th pattern of table.
func NewRouter(table *profiles.Table, destinations []*Destination) *Router {
	r := &Router{table: table, destinations: destinations}
	r.routes.Store(&map[string]*Route{})
	return r
}

// Destinations returns all destinations in the order of the acct file.
func (r *Router) Destinations() []*Destination { return r.destinations }

// Route returns the route of profile; it has no destinations if nothing matches.
func (r *Router) Route(profile string) *Route {
	matches := r.table.Match(profile)
	var space [64]byte
	key := space[:0]
	for _, i := range matches {
		key = binary.AppendUvarint(key, uint64(i))
	}
	if route := (*r.routes.Load())[string(key)]; route != nil {
		return route
	}
	return r.build(string(key), matches)
}

func (r *Router) build(key string, matches []int) *Route {
	route := &Route{}
	for _, i := range matches {
		route.Destinations = append(route.Destinations, r.destinations[i])
		route.Numbers = append(route.Numbers, r.destinations[i].number)
		if r.destinations[i].Config().Options.Delivery.OnFull == DropNewest {
			route.Sparse = true
		}
	}
	r.building.Lock()
	defer r.building.Unlock()
	if known := *r.routes.Load(); len(known) < maxRoutes {
		routes := maps.Clone(known)
		routes[key] = route
		r.routes.Store(&routes)
	}
	return route
}
