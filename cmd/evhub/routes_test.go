package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const filtered = `internal:
  idem-*:
    name: failures
    filter:
      tags.type: "*-post"
      message.result: false
  idem-run: {name: all}
`

func TestRoutesExplainsFilters(t *testing.T) {
	acctFile := write(t, "acct.yaml", filtered)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"without an event": {[]string{"idem-run"}, `idem-run goes to 1 destination, and 1 more if the filter lets the event pass
  ? memory:failures
      line 2, internal: the glob "idem-*" matches
      line 6, filter: message.result must match the glob "false"
      line 5, filter: tags.type must match the glob "*-post"
  + memory:all
      line 7, internal: the glob "idem-run" matches
`},
		"nothing but filters": {[]string{"idem-x"}, `idem-x goes to 1 destination if the filter lets the event pass
  ? memory:failures
      line 2, internal: the glob "idem-*" matches
      line 6, filter: message.result must match the glob "false"
      line 5, filter: tags.type must match the glob "*-post"
`},
		"an event that does not pass": {[]string{"--event", `{"profile": "idem-x", "body": {"result": {}}, "tags": {"type": "pre\u0007"}}`}, `idem-x goes to no destination
  - memory:failures
      line 2, internal: the glob "idem-*" matches
      line 6, filter: message.result is {}; an array or object matches nothing
      line 5, filter: tags.type is "pre\u0007", which the glob "*-post" does not match
`},
		"one that does": {[]string{"idem-x", "--tags", `{"type": "x-post"}`, "--body", `{"result": false}`}, `idem-x goes to 1 destination
  + memory:failures
      line 2, internal: the glob "idem-*" matches
      line 6, filter: message.result is false, which the glob "false" matches
      line 5, filter: tags.type is "x-post", which the glob "*-post" matches
`},
		"no such values": {[]string{"idem-x", "--body", `1`}, `idem-x goes to no destination
  - memory:failures
      line 2, internal: the glob "idem-*" matches
      line 6, filter: there is no message.result, which must match the glob "false"
      line 5, filter: there is no tags.type, which must match the glob "*-post"
`},
	} {
		t.Run(name, func(t *testing.T) {
			r := evhub(t, "", append([]string{"routes", acctFile}, c.args...)...)
			r.want(t, exitDone)
			if diff := cmp.Diff(c.want, r.out); diff != "" {
				t.Error(diff)
			}
		})
	}
	long := `{"result": "` + strings.Repeat("x", 1000) + `"}`
	evhub(t, "", "routes", acctFile, "idem-x", "--body", long).want(t, exitDone, "xxx... (1002 bytes)")
}

func TestRoutesOfAnEventAsJSON(t *testing.T) {
	acctFile := write(t, "acct.yaml", filtered)
	args := []string{"routes", acctFile, "-o", "json"}
	routes := func(more ...string) []any { return evhub(t, "", append(args, more...)...).line(t)["routes"].([]any) }
	first := routes("idem-x")[0].(map[string]any)
	if passes, there := first["passes"]; passes != nil || !there || first["matches"] != true {
		t.Errorf("without an event: %v", first)
	}
	first = routes("idem-x", "--body", `{"result": true}`)[0].(map[string]any)
	condition := first["filter"].([]any)[0].(map[string]any)
	if first["passes"] != false || condition["value"] != true || condition["matches"] != false || condition["line"] != 6.0 {
		t.Errorf("with an event: %v", first)
	}
}

func TestRoutesRefuses(t *testing.T) {
	acctFile := write(t, "acct.yaml", filtered)
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "at least one profile, or --event"},
		{[]string{"p", "--event", `{"body": 1}`}, "--event has a profile"},
		{[]string{"--event", `{"body": 1}`, "--tags", "{}"}, "give it, or --tags and --body"},
		{[]string{"--event", `{"boddy": 1}`}, "--event: unknown key"},
		{[]string{"--event", `{"body": 1,}`}, "--event: "},
		{[]string{"--event", `{"body": {]}`}, "body"},
		{[]string{"p", "--tags", `[]`}, "--tags must be a JSON object"},
		{[]string{"p", "--body", `text`}, "--body is not JSON"},
	} {
		evhub(t, "", append([]string{"routes", acctFile}, c.args...)...).want(t, exitUsage, c.want)
	}
}

func TestFilteredEventsInPutAndListen(t *testing.T) {
	acctFile := write(t, "acct.yaml", "internal:\n  p: {filter: {message.n: 1}}\n")
	events := `{"profile": "p", "body": {"n": 1}}
{"profile": "p", "body": {"n": 2}}
{"profile": "q", "body": {"n": 1}}
`
	r := evhub(t, events, "put", "-f", acctFile)
	r.want(t, exitDone, "3 events accepted, 1 matched no destination, 1 passed no filter, 1 delivered")
	r = evhub(t, events, "put", "-f", acctFile, "-o", "json")
	if s := r.line(t)["summary"].(map[string]any); s["unmatched"] != 2.0 || s["filtered"] != 1.0 {
		t.Errorf("%v", s)
	}
	var to []int
	for _, l := range evhub(t, events, "listen", "-f", acctFile, "--no-journal", "-o", "json").lines(t) {
		if ds, ok := l["destinations"].([]any); ok {
			to = append(to, len(ds))
		}
	}
	if !cmp.Equal(to, []int{1, 0, 0}) {
		t.Errorf("listen shows %v destinations", to)
	}
}

func TestCheckShowsFilters(t *testing.T) {
	acctFile := write(t, "acct.yaml", filtered)
	evhub(t, "", "check", acctFile).want(t, exitDone, `pattern "idem-*", filter on message.result, tags.type, to memory`, `pattern "idem-run", to memory`)
	evhub(t, "", "check", acctFile, "-o", "json").want(t, exitDone, `"filter":["message.result","tags.type"]`)
	evhub(t, "", "check", write(t, "acct.yaml", "internal:\n  p:\n    filter: {body.x: 1}\n")).want(t, exitUsage, "acct.yaml:3: internal.p.filter.body.x: a path begins with")
}
