package evbus

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/profiles"
	"github.com/evhub/evhub/providers"
)

func filterOf(t testing.TB, pairs ...string) Filter {
	t.Helper()
	patterns := map[string]*string{}
	for i := 0; i < len(pairs); i += 2 {
		patterns[pairs[i]] = &pairs[i+1]
	}
	f, err := NewFilter(patterns, profiles.Glob)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func sealedAs(t testing.TB, e Event) *Record {
	t.Helper()
	r, err := NewSealer("run", 0).Seal(e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// refusedBy returns the paths of the conditions that do not hold.
func refusedBy(f Filter, r *Record) (paths []string) {
	for _, finding := range f.Explain(r) {
		if !finding.Matches {
			paths = append(paths, finding.Path)
		}
	}
	return paths
}

func TestConditions(t *testing.T) {
	event := Event{
		Tags: json.RawMessage(`{"type": "state-post", "n.o": "dot", "é": "ü", "deep": {"a": [1, {"b": "x"}]}, "twice": 1, "twice": 2}`),
		Body: json.RawMessage(`{"result": false, "nothing": null, "rc": 1.50, "list": ["a"], "object": {}, "text": "a\nb", "quoted": "false"}`),
	}
	for path, c := range map[string]struct {
		yes, no string
	}{
		"tags.type":        {"state-*", "state-pre"},
		`tags."n.o"`:       {"dot", "d"},
		"tags.é":           {"ü", "\\u00fc"},
		"tags.deep.a.0":    {"1", "x"},
		"tags.deep.a.1.b":  {"[xyz]", "y"},
		"tags.twice":       {"2", "1"},
		"message.result":   {"false", "true"},
		"message.quoted":   {"false", `"false"`},
		"message.nothing":  {"null", ""},
		"message.rc":       {"1.50", "1.5"},
		"message.text":     {"a*b", "a"},
		"message.list":     {"", "*"},
		"message.object":   {"", "*"},
		"message.missing":  {"", "*"},
		"message":          {"", "*"},
		"tags.type.deeper": {"", "*"},
		"message.list.1":   {"", "*"},
	} {
		r := sealedAs(t, event)
		if got := refusedBy(filterOf(t, path, c.no), r); len(got) != 1 {
			t.Errorf("%s: %q matches", path, c.no)
		}
		if got := refusedBy(filterOf(t, path, c.yes), r); c.yes != "" && len(got) != 0 {
			t.Errorf("%s: %q does not match", path, c.yes)
		}
	}
}

func TestABodyThatIsNoObject(t *testing.T) {
	for body, want := range map[any]bool{"FINISHED": true, "x": false} {
		if got := refusedBy(filterOf(t, "message", "FIN*"), sealedAs(t, Event{Body: body})) == nil; got != want {
			t.Errorf("%v passes: %v", body, got)
		}
	}
	opaque := sealedAs(t, Event{Body: []byte(`{"a": 1}`), Tags: map[string]int{"a": 1}})
	got := refusedBy(filterOf(t, "message.a", "*", "message", "*", "tags.a", "1"), opaque)
	if diff := cmp.Diff([]string{"message", "message.a"}, got); diff != "" {
		t.Errorf("bytes: %s", diff)
	}
}

func TestExplainSaysTheValue(t *testing.T) {
	r := sealedAs(t, Event{Body: json.RawMessage(`{"a": "x", "b": [1]}`)})
	var got []string
	for _, f := range filterOf(t, "message.a", "x", "message.b", "*", "message.c", "*", "tags.x", "y").Explain(r) {
		got = append(got, fmt.Sprintf("%s %s %s %v", f.Path, f.Pattern, f.Value, f.Matches))
	}
	want := []string{`message.a x "x" true`, `message.b * [1] false`, `message.c *  false`, `tags.x y  false`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewFilterSaysAllThatIsWrong(t *testing.T) {
	x := "x"
	long := strings.Repeat("x", profiles.MaxPattern+1)
	_, err := NewFilter(map[string]*string{
		"tags": &x, "body.a": &x, "": &x, "message..a": &x, "message.": &x, "tags.ok": &x, "tags.null": nil, "tags.long": &long, `tags."a`: &x,
	}, profiles.Glob)
	wrong := map[string]string{
		"filter.tags": "as a whole", "filter.body.a": "begins with tags. or message.", "filter.": "begins with", "filter.message..a": "missing",
		"filter.message.": "missing", "filter.tags.null": "want a pattern", "filter.tags.long": "at most", `filter.tags."a`: "quotes",
	}
	for _, one := range err.(interface{ Unwrap() []error }).Unwrap() {
		var at *providers.ConfigError
		if !errors.As(one, &at) || wrong[at.Key] == "" || !strings.Contains(at.Err.Error(), wrong[at.Key]) {
			t.Errorf("not expected: %v", one)
			continue
		}
		delete(wrong, at.Key)
	}
	if len(wrong) > 0 {
		t.Errorf("not found: %v", wrong)
	}
}
