package hub

import (
	"slices"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/profiles"
)

type (
	// Condition is a line of a destination's filter: a value of the event, and what it must match.
	Condition = evbus.Condition
	// Finding is what came of a condition when it was asked about an event.
	Finding = evbus.Finding
)

// Verdict says whether a destination of a plan gets an event, and why.
type Verdict struct {
	// Matches: the pattern matches the event's profile.
	Matches bool
	// Filter has what came of each condition of the filter; empty if there is no filter.
	Filter []Finding
}

// Passes reports whether the destination gets the event.
func (v Verdict) Passes() bool {
	return v.Matches && !slices.ContainsFunc(v.Filter, func(f Finding) bool { return !f.Matches })
}

// RouteEvent returns the indices in Destinations of those that would get e, in ascending order. Its errors are those of
// Put about e itself: ErrEncode and ErrTooLarge.
func (p *Plan) RouteEvent(e Event) ([]int, error) {
	verdicts, err := p.Explain(e)
	var to []int
	for i, v := range verdicts {
		if v.Passes() {
			to = append(to, i)
		}
	}
	return to, err
}

// Explain says of each of Destinations whether it would get e, and why. Its errors are those of RouteEvent.
func (p *Plan) Explain(e Event) ([]Verdict, error) {
	r, err := p.sealer.Seal(evbus.Event(e))
	if err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(p.Destinations))
	for _, i := range p.table.Match(r.Profile) {
		verdicts[i].Matches = true
	}
	for i, d := range p.Destinations {
		verdicts[i].Filter = d.Filter.Explain(r)
	}
	return verdicts, nil
}

func (p *Plan) filters() []evbus.Filter {
	filters := make([]evbus.Filter, len(p.Destinations))
	for i, d := range p.Destinations {
		filters[i] = d.Filter
	}
	return filters
}

// filter compiles the filter of the entry, with the lines of its conditions. Without compile it only knows that there
// will be another mistake.
func (m *mistakes) filter(w evbus.Wishes, compile profiles.Compile) evbus.Filter {
	if compile == nil {
		return nil
	}
	filter, err := evbus.NewFilter(w.Filter, compile)
	m.checking(err)
	for i := range filter {
		filter[i].Line = m.entry.ErrorAt("filter."+filter[i].Path, nil).Line
	}
	return filter
}
