package hub_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/profiles"
	"github.com/evhub/evhub/providers/providertest"
)

// tagged returns an event of profile "p" with a tag "type".
func tagged(id, kind string) hub.Event {
	return hub.Event{Profile: "p", ID: id, Tags: map[string]string{"type": kind}, Body: map[string]any{"result": false}}
}

const postOnly = `
fake:
- p: {address: a, filter: {tags.type: "*-post", message.result: false}}
- p: {address: b}
- p: {address: c, filter: {tags.type: "*-pre"}}
`

func TestFilter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b", "c"), postOnly)
		r.put(tagged("1", "state-post"), tagged("2", "state-pre"))
		es := []hub.Event{tagged("3", "x-post"), tagged("4", "none"), tagged("5", "x-pre"), tagged("6", "y-pre"), event("7")}
		if n, err := r.PutAll(t.Context(), es); n != len(es) || err != nil {
			t.Fatal(n, err)
		}
		if err := r.PutNowait(tagged("8", "z-post")); err != nil {
			t.Fatal(err)
		}
		receipt, err := r.PutWait(t.Context(), tagged("9", "none"))
		if err != nil || len(receipt.Results) != 1 || receipt.Results[0].Destination != "fake:p@b" {
			t.Errorf("receipt %v, %v", receipt, err)
		}
		r.flush()
		for address, want := range map[string]string{"a": "1 3 8", "b": "1 2 3 4 5 6 7 8 9", "c": "2 5 6"} {
			if got := strings.Join(r.brokers[address].IDs(), " "); got != want {
				t.Errorf("%s got %s, want %s", address, got, want)
			}
		}
		if s := r.Stats(); s.Accepted != 9 || s.Unmatched != 0 || s.Filtered != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAnEventThatNoFilterLetsPass(t *testing.T) {
	const yaml = `fake: {p: {address: a, filter: {tags.type: x}}}`
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), yaml)
		r.put(tagged("1", "y"), tagged("2", "x"), hub.Event{Profile: "other"})
		if s := r.Stats(); s.Accepted != 3 || s.Unmatched != 2 || s.Filtered != 1 {
			t.Errorf("accepted %d, unmatched %d, filtered %d", s.Accepted, s.Unmatched, s.Filtered)
		}
		if got := r.log.lines("no destination matches this profile"); len(got) != 1 || !strings.Contains(got[0], "other") {
			t.Errorf("the log says %q", got)
		}
	})
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), yaml, hub.WithStrict())
		if err := r.Put(t.Context(), tagged("1", "y")); !errors.Is(err, hub.ErrNoRoute) || !strings.Contains(err.Error(), "filter") {
			t.Errorf("strict: %v", err)
		}
		if err := r.Put(t.Context(), tagged("2", "x")); err != nil {
			t.Error(err)
		}
	})
}

func TestAFilterIsOfTheFilesMatchPlugin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		compile := func(pattern string) (profiles.Matcher, error) { return suffix(pattern), nil }
		r := open(t, healthy("a"), "match_plugin: suffix\nfake: {p: {address: a, filter: {tags.type: -post}}}", hub.WithMatcher("suffix", compile))
		r.put(tagged("1", "state-post"), tagged("2", "post"))
		r.flush()
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("got %v", got)
		}
	})
}

func TestAFilterThatIsReplacedLeavesTheDestinationAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, filter: {tags.type: x}}}`)
		r.put(tagged("0", "x"))
		r.flush()
		release := r.brokers["a"].Stall()
		r.put(tagged("1", "x"), tagged("2", "y"))
		r.reload(`fake: {p: {address: a, filter: {tags.type: "y"}}}`)
		r.put(tagged("3", "x"), tagged("4", "y"))
		release()
		r.flush()
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"0", "1", "4"}) {
			t.Errorf("got %v", got)
		}
		if n := r.brokers["a"].Connections(); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestAPutThatWaitsIsRoutedAnewAfterAReload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const yaml = `fake: {p: {address: a, filter: {tags.type: KIND}, delivery: {backlog: 1B}}}`
		r := open(t, healthy("a"), strings.Replace(yaml, "KIND", "x", 1))
		release := r.brokers["a"].Stall()
		r.put(tagged("1", "x"))
		ended := make(chan error)
		go func() {
			_, err := r.PutAll(t.Context(), []hub.Event{tagged("2", "y"), tagged("3", "x"), tagged("4", "x")})
			ended <- err
		}()
		settle()
		r.reload(strings.Replace(yaml, "KIND", "z", 1))
		if err := <-ended; err != nil {
			t.Error(err)
		}
		release()
		r.flush()
		if got := r.brokers["a"].IDs(); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("got %v", got)
		}
	})
}

// What is left of a PutAll that waits for room keeps its routes.
func TestAPutAllInPieces(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("x", "y"), `fake:
- p: {address: x, filter: {tags.type: x}, delivery: {backlog: 1B}}
- p: {address: y, filter: {tags.type: "y"}, delivery: {backlog: 1B}}
`)
		es := []hub.Event{tagged("1", "x"), tagged("2", "x"), tagged("3", "y"), tagged("4", "none"), tagged("5", "y"), tagged("6", "x")}
		if n, err := r.PutAll(t.Context(), es); n != 6 || err != nil {
			t.Fatal(n, err)
		}
		r.flush()
		if x, y := r.brokers["x"].IDs(), r.brokers["y"].IDs(); !cmp.Equal(x, []string{"1", "2", "6"}) || !cmp.Equal(y, []string{"3", "5"}) {
			t.Errorf("x got %v, y %v", x, y)
		}
	})
}

func TestMistakesInAFilterHaveTheirLines(t *testing.T) {
	_, err := hub.NewPlan(parse(t, `fake:
  "p":
    address: a
    filter:
      tags.type: "x"
      message."a.b: "x"
      body.x: "x"
      message.n: null
  "q": {address: a, filter: [a]}
`), hub.WithProviders(providertest.FakeProvider("fake", healthy("a"))))
	for _, want := range []string{
		`acct.yaml:6: fake.p.filter.message."a.b: `, "acct.yaml:7: fake.p.filter.body.x: a path begins with",
		"acct.yaml:8: fake.p.filter.message.n: want a pattern", "acct.yaml:9: fake.q.filter: want a mapping",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in: %v", want, err)
		}
	}
	_, err = hub.NewPlan(parse(t, "match_plugin: regex\nfake:\n  p:\n    filter: {tags.type: \"(\"}\n"),
		hub.WithProviders(providertest.FakeProvider("fake", healthy(""))))
	_, unknown := hub.NewPlan(parse(t, "match_plugin: wild\nfake:\n  p:\n    filter: {tags.type: x}\n"),
		hub.WithProviders(providertest.FakeProvider("fake", healthy(""))))
	if unknown == nil || strings.Contains(unknown.Error(), "filter") || !strings.Contains(unknown.Error(), "no match plugin") {
		t.Errorf("an unknown match plugin: %v", unknown)
	}
	if want := `acct.yaml:4: fake.p.filter.tags.type: pattern "(": `; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("want %q in: %v", want, err)
	}
}

func TestPlanRoutesEvents(t *testing.T) {
	p, err := hub.NewPlan(parse(t, postOnly), hub.WithProviders(providertest.FakeProvider("fake", healthy("a", "b", "c"))))
	if err != nil {
		t.Fatal(err)
	}
	e := hub.Event{Profile: "p", Tags: json.RawMessage(`{"type":"state-post"}`), Body: json.RawMessage(`{"result":true}`)}
	if to, err := p.RouteEvent(e); err != nil || !cmp.Equal(to, []int{1}) {
		t.Errorf("RouteEvent: %v, %v", to, err)
	}
	verdicts, err := p.Explain(e)
	if err != nil || len(verdicts) != 3 || len(verdicts[0].Filter) != 2 || verdicts[0].Passes() || !verdicts[0].Matches {
		t.Fatalf("%+v, %v", verdicts, err)
	}
	failed := verdicts[0].Filter[0]
	if failed.Path != "message.result" || string(failed.Value) != "true" || failed.Matches || failed.Line != 3 || failed.Pattern != "false" {
		t.Errorf("%+v", failed)
	}
	e.Profile = "other"
	if to, err := p.RouteEvent(e); err != nil || len(to) != 0 {
		t.Errorf("another profile: %v, %v", to, err)
	}
	if _, err := p.RouteEvent(hub.Event{Body: func() {}}); !errors.Is(err, hub.ErrEncode) {
		t.Errorf("no JSON: %v", err)
	}
}
