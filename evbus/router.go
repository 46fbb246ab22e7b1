package evbus

import (
	"slices"

	"github.com/evhub/evhub/profiles"
)

// Router finds the destinations of an event. It is immutable, but for its caches, and safe for concurrent use.
type Router struct {
	table        *profiles.Table
	destinations []*Destination
	filters      []Filter // one for each destination; nil if there is none at all

	byProfile, byFilter routeCache
	nowhere             *Route // of events that no filter lets pass
}

// NewRouter returns a router for destinations, of which the i-th belongs to the i-th pattern of table and to the i-th
// of filters. There may be no filters at all.
func NewRouter(table *profiles.Table, destinations []*Destination, filters ...Filter) *Router {
	r := &Router{table: table, destinations: destinations, nowhere: &Route{Filtered: true}}
	if slices.ContainsFunc(filters, func(f Filter) bool { return len(f) > 0 }) {
		r.filters = filters
	}
	return r
}

// Destinations returns all destinations in the order of the acct file.
func (r *Router) Destinations() []*Destination { return r.destinations }

// Route returns the route of profile, whatever the filters say; it has no destinations if nothing matches.
func (r *Router) Route(profile string) *Route {
	return r.byProfile.get(r.table.Match(profile), r.build)
}

// Routes returns the route of each of records, by its profile and by what the filters say of it. It is nil if there
// are no filters: then Route is enough.
func (r *Router) Routes(records []*Record) []*Route {
	if r.filters == nil {
		return nil
	}
	var a answers
	routes := make([]*Route, len(records))
	for i, record := range records {
		routes[i] = r.narrow(r.Route(record.Profile), record, &a)
	}
	return routes
}

// narrow returns the part of route that the filters let record pass.
func (r *Router) narrow(route *Route, record *Record, a *answers) *Route {
	if route.filters == nil {
		return route
	}
	switch passing := a.ask(route.filters, route.indices, record); len(passing) {
	case len(route.indices):
		return route
	case 0:
		return r.nowhere
	default:
		return r.byFilter.get(passing, r.to)
	}
}

// build returns the route of a profile that matches the patterns at indices.
func (r *Router) build(indices []int) *Route {
	route := r.to(indices)
	if r.filters == nil {
		return route
	}
	filters := make([]Filter, len(indices))
	for i, index := range indices {
		filters[i] = r.filters[index]
	}
	route.filters = newRouteFilters(filters)
	route.Sparse = route.Sparse || route.filters != nil
	return route
}

// to returns the route to the destinations at indices.
func (r *Router) to(indices []int) *Route {
	route := &Route{indices: slices.Clone(indices)}
	for _, i := range indices {
		d := r.destinations[i]
		route.Destinations = append(route.Destinations, d)
		route.Numbers = append(route.Numbers, d.number)
		if d.Config().Options.Delivery.OnFull == DropNewest {
			route.Sparse = true
		}
	}
	return route
}
