package profiles

import (
	"errors"
	"slices"
	"strings"
)

// Table is an ordered list of patterns that is asked which of them match. It is immutable and safe for concurrent use.
//
// Patterns that match one name only are looked up in a map; the others are asked one after the other, and the answers
// for recent profiles are kept in bounded memory (some megabytes at most).
type Table struct {
	patterns []string
	names    map[string][]int // pattern that is a plain name -> its indices
	globs    []globEntry      // the other ones, each once
	recent   *cache           // nil if there are no globs
}

// globEntry is a pattern that has to be asked.
type globEntry struct {
	matcher Matcher
	indices []int // where it stands in the list
}

// NewTable compiles patterns, each distinct one once. Its error joins a *PatternError for every one that cannot be
// compiled, so that all can be reported at once. The slice is copied.
func NewTable(compile Compile, patterns []string) (*Table, error) {
	t := &Table{patterns: slices.Clone(patterns), names: map[string][]int{}}
	indices := map[string][]int{}
	for i, pattern := range t.patterns {
		indices[pattern] = append(indices[pattern], i)
	}
	var errs []error
	for i, pattern := range t.patterns {
		if indices[pattern][0] != i {
			continue
		}
		m, err := compile(pattern)
		if err != nil {
			for _, index := range indices[pattern] {
				errs = append(errs, &PatternError{Index: index, Pattern: pattern, Err: err})
			}
			continue
		}
		t.add(m, indices[pattern])
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if len(t.globs) > 0 {
		t.recent = newCache(len(t.patterns))
	}
	return t, nil
}

func (t *Table) add(m Matcher, indices []int) {
	name, ok := m.(exact)
	if !ok {
		t.globs = append(t.globs, globEntry{m, indices})
		return
	}
	// Different regexes, such as a\.b and a[.]b, can be the same name.
	merged := append(t.names[string(name)], indices...)
	slices.Sort(merged)
	t.names[string(name)] = merged
}

// Match returns the indices of all patterns that match the profile, ascending; nil if none does. The slice is shared and
// must not be modified. A profile that was asked for lately costs no allocation.
func (t *Table) Match(profile string) []int {
	if t.recent == nil {
		return t.names[profile]
	}
	if found, ok := t.recent.get(profile); ok {
		return found
	}
	found := t.find(profile)
	t.recent.put(strings.Clone(profile), found)
	return found
}

// find asks all patterns. It copies only if more than one list of indices has to be merged.
func (t *Table) find(profile string) []int {
	found, owned := t.names[profile], false
	for _, g := range t.globs {
		switch {
		case !g.matcher.Match(profile):
		case found == nil:
			found = g.indices
		default:
			if !owned {
				found, owned = slices.Clone(found), true
			}
			found = append(found, g.indices...)
		}
	}
	if owned {
		slices.Sort(found)
	}
	return slices.Clip(found)
}

// Patterns returns a copy of the patterns in their order.
func (t *Table) Patterns() []string { return slices.Clone(t.patterns) }

// Len returns the number of patterns.
func (t *Table) Len() int { return len(t.patterns) }
