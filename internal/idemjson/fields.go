package idemjson

import (
	"reflect"
	"slices"
	"sync"
)

// field is a struct field that is written, maybe one of an embedded struct.
type field struct {
	name    string
	spelled []byte // the key as JSON, with its colon
	index   []int
	tagged  bool

	omitEmpty, omitZero, quoted bool
}

var fieldCache sync.Map // reflect.Type -> []field; bounded by the program's number of types

func fieldsOf(t reflect.Type) []field {
	if fields, ok := fieldCache.Load(t); ok {
		return fields.([]field)
	}
	fields := dominant(collect(t))
	fieldCache.Store(t, fields)
	return fields
}

// embedded is a struct whose fields count as those of the struct that embeds it, and how often it is embedded at its
// depth.
type embedded struct {
	t     reflect.Type
	index []int
	times int
}

// collect returns the fields of t and of the structs that it embeds, outer ones first. Each struct is visited once. One
// that is embedded several times at one depth gives its fields twice, so that they cancel out.
func collect(t reflect.Type) []field {
	var fields []field
	visited := map[reflect.Type]bool{t: true}
	for level := []embedded{{t: t, times: 1}}; len(level) > 0; {
		var next []embedded
		for _, s := range level {
			visited[s.t] = true
		}
		for _, s := range level {
			for i := range s.t.NumField() {
				f := s.t.Field(i)
				index := append(slices.Clone(s.index), i)
				if inner, ok := inlined(f); ok {
					if !visited[inner] {
						next = enqueue(next, embedded{inner, index, 1})
					}
					continue
				}
				if f, ok := newField(f, index); ok {
					fields = append(fields, slices.Repeat([]field{f}, min(s.times, 2))...)
				}
			}
		}
		level = next
	}
	return fields
}

func enqueue(level []embedded, s embedded) []embedded {
	for i := range level {
		if level[i].t == s.t {
			level[i].times++
			return level
		}
	}
	return append(level, s)
}

// dominant keeps of each name the field that Go's rules for embedding pick, where of several at one depth a single
// one with a name in its tag wins, and brings them into the order of the source.
func dominant(fields []field) []field {
	rank := func(f field) int { // the lowest wins
		if f.tagged {
			return 2 * len(f.index)
		}
		return 2*len(f.index) + 1
	}
	best, tied := map[string]int{}, map[string]bool{}
	for _, f := range fields {
		r, seen := best[f.name]
		if !seen || rank(f) < r {
			best[f.name], tied[f.name] = rank(f), false
		} else if rank(f) == r {
			tied[f.name] = true
		}
	}
	fields = slices.DeleteFunc(fields, func(f field) bool { return tied[f.name] || rank(f) != best[f.name] })
	slices.SortFunc(fields, func(a, b field) int { return slices.Compare(a.index, b.index) })
	return fields
}
