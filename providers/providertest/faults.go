package providertest

import (
	"slices"
	"strings"
)

// fault is a fault of the far end that names a message.
type fault struct {
	name   string
	script func(id string)
}

// allFaults leave the message undelivered, or its outcome unknown.
var allFaults = []string{"Fail", "LoseMessage", "LoseAnswer"}

// faults returns those of the named faults that the far end has.
func (e FarEnd) faults(names []string) []fault {
	all := []fault{
		{"Refuse", e.Refuse}, {"Fail", e.Fail}, {"LoseMessage", e.LoseMessage}, {"LoseAnswer", e.LoseAnswer},
	}
	return slices.DeleteFunc(all, func(f fault) bool { return f.script == nil || !slices.Contains(names, f.name) })
}

// hasFault reports whether the far end of the target that is open has one of the named faults.
func (p *probe) hasFault(names []string) bool { return len(p.Far.faults(names)) > 0 }

// eachFault calls try once for each of the named faults, each time with a session to a fresh target. It skips the
// case if there is none.
func (p *probe) eachFault(names []string, try func(s *session, f fault)) {
	p.Helper()
	s := p.open()
	n := len(p.Far.faults(names))
	if n == 0 {
		p.Skipf("the far end of this provider has no %s", strings.Join(names, ", "))
	}
	for i := range n {
		if i > 0 {
			s = p.open()
		}
		try(s, p.Far.faults(names)[i])
		if !s.closed {
			_ = s.close(soon)
		}
	}
}
