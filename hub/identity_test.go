package hub_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIdentity(t *testing.T) {
	for name, c := range map[string]struct {
		yaml string
		want []string
	}{
		"pattern and address": {`fake: {p-*: {address: a}}`, []string{"fake:p-*@a"}},
		"no address":          {`fake: {p: {address: ""}}`, []string{"fake:p"}},
		"name":                {`fake: {p: {address: a, name: audit}}`, []string{"fake:audit"}},
		"equal ones are numbered": {
			`fake: [{p: {address: a}}, {p: {address: a}}, {q: {address: a}}, {p: {address: a}}]`,
			[]string{"fake:p@a", "fake:p@a#2", "fake:q@a", "fake:p@a#3"},
		},
		"a number never makes two equal": {
			`fake: [{p: {address: a, name: n}}, {p: {address: a, name: n}}, {p: {address: a, name: "n#2"}}]`,
			[]string{"fake:n", "fake:n#2", "fake:n#2#2"},
		},
		"control characters": {`fake: {"p\r\n\u0085\u2028*": {address: a}}`, []string{"fake:p%0D%0A%C2%85%E2%80%A8*@a"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a", ""), c.yaml)
				if diff := cmp.Diff(c.want, r.names()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				r.reload(c.yaml)
				if diff := cmp.Diff(c.want, r.names()); diff != "" {
					t.Errorf("after a reload of the same (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A pattern may repeat, and so may a whole entry: each entry is a connection and gets exactly one copy (T52).
func TestEachEntryGetsOneCopy(t *testing.T) {
	for name, c := range map[string]struct {
		yaml string
		want map[string]int
	}{
		"overlap":         {`fake: [{idem-*: {address: a}}, {idem-status: {address: b}}, {"*": {address: c}}, {other: {address: d}}]`, map[string]int{"a": 1, "b": 1, "c": 1}},
		"pattern repeats": {`fake: [{idem-status: {address: a}}, {idem-status: {address: b}}]`, map[string]int{"a": 1, "b": 1}},
		"regex overlap": {"match_plugin: regex\nfake: [{'idem-.*': {address: a}}, {'.*status': {address: b}}, {'idem-*': {address: c}}]",
			map[string]int{"a": 1, "b": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a", "b", "c", "d"), c.yaml)
				e := event("1")
				e.Profile = "idem-status"
				r.put(e)
				r.flush()
				got := map[string]int{}
				for address, b := range r.brokers {
					if n := b.Stats().Stored; n > 0 {
						got[address] = n
					}
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("copies (-want +got):\n%s", diff)
				}
			})
		})
	}
}
