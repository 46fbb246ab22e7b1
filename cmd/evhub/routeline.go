package main

import (
	"encoding/json"
	"fmt"

	"github.com/evhub/evhub/hub"
)

// routeLine says whether one destination gets the events of a profile; its JSON keys are stable.
type routeLine struct {
	Destination string `json:"destination"`
	Section     string `json:"section"`
	Pattern     string `json:"pattern"`
	Line        int    `json:"line,omitempty"`
	// Matches: the pattern matches the profile. Passes: so does the filter; null if that depends on the event.
	Matches bool            `json:"matches"`
	Passes  *bool           `json:"passes"`
	Filter  []conditionLine `json:"filter,omitempty"`
}

// conditionLine is a condition of a filter. With an event, Matches says whether it holds, for Value, if there is one.
type conditionLine struct {
	Path    string          `json:"path"`
	Pattern string          `json:"pattern"`
	Line    int             `json:"line,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"`
	Matches *bool           `json:"matches,omitempty"`
}

// routeLines asks all destinations of plan.
func routeLines(plan *hub.Plan, q question) ([]routeLine, error) {
	verdicts, err := q.ask(plan)
	if err != nil {
		return nil, err
	}
	var lines []routeLine
	for i, d := range plan.Destinations {
		v := verdicts[i]
		l := routeLine{Destination: d.Name, Section: d.Section, Pattern: d.Pattern, Line: d.Line, Matches: v.Matches}
		if q.known || len(d.Filter) == 0 || !v.Matches {
			passes := v.Passes()
			l.Passes = &passes
		}
		for i, condition := range d.Filter {
			c := conditionLine{Path: condition.Path, Pattern: condition.Pattern, Line: condition.Line}
			if q.known {
				c.Value, c.Matches = v.Filter[i].Value, &v.Filter[i].Matches
			}
			l.Filter = append(l.Filter, c)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// verdict is whether a destination gets an event.
type verdict int

const (
	getsNot verdict = iota
	gets
	depends // on the event, of which only the profile is known
)

func (l routeLine) verdict() verdict {
	switch {
	case l.Passes == nil:
		return depends
	case *l.Passes:
		return gets
	}
	return getsNot
}

func (l routeLine) name(s style) string {
	switch l.verdict() {
	case gets:
		return s.success("+ " + visible(l.Destination))
	case depends:
		return s.warning("? " + visible(l.Destination))
	}
	return s.faint("- " + visible(l.Destination))
}

// reasons says in a line each what the pattern and the conditions of the filter say.
func (l routeLine) reasons(plugin string) []string {
	if !l.Matches {
		return []string{fmt.Sprintf("%s: the %s %q does not match", l.where(), plugin, visible(l.Pattern))}
	}
	reasons := []string{fmt.Sprintf("%s: the %s %q matches", l.where(), plugin, visible(l.Pattern))}
	for _, c := range l.Filter {
		reasons = append(reasons, c.where()+c.reason(plugin))
	}
	return reasons
}

// where says where in the file the pattern stands; encrypted files have no lines.
func (l routeLine) where() string {
	if l.Line == 0 {
		return visible(l.Section)
	}
	return fmt.Sprintf("line %d, %s", l.Line, visible(l.Section))
}

func (c conditionLine) where() string {
	if c.Line == 0 {
		return "filter: "
	}
	return fmt.Sprintf("line %d, filter: ", c.Line)
}

func (c conditionLine) reason(plugin string) string {
	path, pattern := visible(c.Path), fmt.Sprintf("the %s %q", plugin, visible(c.Pattern))
	switch {
	case c.Matches == nil:
		return fmt.Sprintf("%s must match %s", path, pattern)
	case *c.Matches:
		return fmt.Sprintf("%s is %s, which %s matches", path, c.value(), pattern)
	case c.Value == nil:
		return fmt.Sprintf("there is no %s, which must match %s", path, pattern)
	case c.Value[0] == '{' || c.Value[0] == '[':
		return fmt.Sprintf("%s is %s; an array or object matches nothing", path, c.value())
	}
	return fmt.Sprintf("%s is %s, which %s does not match", path, c.value(), pattern)
}

// mostShown is how many bytes of a value a reason shows.
const mostShown = 100

func (c conditionLine) value() string {
	if len(c.Value) <= mostShown {
		return visible(string(c.Value))
	}
	return fmt.Sprintf("%s... (%d bytes)", visible(string(c.Value[:mostShown])), len(c.Value))
}
