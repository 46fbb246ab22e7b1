package hubtemplate_test

import (
	"context"
	"encoding/json"
	"errors"
	htmltemplate "html/template"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/hubtemplate"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fired are the events that a template fires; "refused" is a profile that is not taken.
type fired struct {
	events []hub.Event
	how    []string
}

var errRefused = errors.New("refused for a reason")

func (f *fired) Put(_ context.Context, e hub.Event) error { return f.take("put", e) }
func (f *fired) PutNowait(e hub.Event) error              { return f.take("putNowait", e) }

func (f *fired) take(how string, e hub.Event) error {
	if e.Profile == "refused" {
		return errRefused
	}
	f.events, f.how = append(f.events, e), append(f.how, how)
	return nil
}

// render renders text with data and returns what it is and what it has fired.
func render(t *testing.T, text string, data any) (string, *fired, error) {
	t.Helper()
	f := &fired{}
	parsed, err := hubtemplate.New(t.Context(), f, "x.tmpl").Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var doc strings.Builder
	err = parsed.Execute(&doc, data)
	return doc.String(), f, err
}

func TestPutFiresAndRendersNothing(t *testing.T) {
	doc, f, err := render(t, `a{{ put .body "p" (dict "type" "x") }}b{{ putNowait 1 }}c{{ list 1 "x" | put }}d{{ put nil "q" nil }}`, map[string]any{"body": "text"})
	if doc != "abcd" || err != nil {
		t.Errorf("rendered %q, %v", doc, err)
	}
	want := []hub.Event{
		{Body: "text", Profile: "p", Tags: map[string]any{"type": "x"}}, {Body: 1}, {Body: []any{1, "x"}}, {Profile: "q"},
	}
	if diff := cmp.Diff(want, f.events); diff != "" {
		t.Error(diff)
	}
	if got := strings.Join(f.how, " "); got != "put putNowait put put" {
		t.Error(got)
	}
}

func TestAnErrorEndsTheRenderingAtItsPlace(t *testing.T) {
	doc, f, err := render(t, "one{{ put 1 }}\n  {{ put 2 \"refused\" }}\nthree{{ put 3 }}", nil)
	if doc != "one\n  " || len(f.events) != 1 || !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "x.tmpl:2:5: ") {
		t.Errorf("rendered %q, fired %d, %v", doc, len(f.events), err)
	}
	for text, want := range map[string]string{
		`{{ put }}`:                  "want at least 1",
		`{{ put 1 2 }}`:              "the profile, behind the body, must be a text, not int",
		`{{ put 1 "p" "t" "more" }}`: "nothing behind them",
		`{{ dict "a" }}`:             "want a value behind each key",
		`{{ dict 1 2 }}`:             "a key must be a text, not int",
		`{{ dict "a" 1 "a" 2 }}`:     `the key "a" is there twice`,
		`{{ fromJSON "{" }}`:         "unexpected EOF",
		`{{ fromJSON "" }}`:          "there is no value",
		`{{ fromJSON "1 2" }}`:       "something behind the value",
		`{{ .missing }}`:             `no entry for key "missing"`,
		`{{ .m.missing }}`:           `no entry for key "missing"`,
	} {
		_, _, err := render(t, text, map[string]any{"m": map[string]any{}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestJSON(t *testing.T) {
	const text = `{"i": 1, "f": 1.5, "e": 1e2, "big": 123456789012345678901234567890, "huge": 1e999, "list": [2, {"a": null}], "s": "<é>"}`
	v, err := hubtemplate.ParseJSON(text)
	want := map[string]any{
		"i": 1, "f": 1.5, "e": 100.0, "big": json.Number("123456789012345678901234567890"), "huge": json.Number("1e999"),
		"list": []any{2, map[string]any{"a": nil}}, "s": "<é>",
	}
	if diff := cmp.Diff(want, v); diff != "" || err != nil {
		t.Error(diff, err)
	}
	doc, _, err := render(t, `{{ $v := fromJSON .text }}{{ eq $v.i 1 }} {{ printf "%d" $v.i }} {{ toJSON $v.s }} {{ toJSON $v.list }}`, map[string]any{"text": text})
	if doc != `true 1 "<é>" [2,{"a":null}]` || err != nil {
		t.Errorf("%q, %v", doc, err)
	}
}

func TestInHTML(t *testing.T) {
	f := &fired{}
	parsed := htmltemplate.Must(htmltemplate.New("").Funcs(hubtemplate.Funcs(t.Context(), f)).Parse(`<p title="{{ put "<" }}">{{ put "<" }}</p>`))
	var doc strings.Builder
	if err := parsed.Execute(&doc, nil); err != nil || doc.String() != `<p title=""></p>` || len(f.events) != 2 || f.events[0].Body != "<" {
		t.Errorf("%q, %v, %v", doc.String(), f.events, err)
	}
}

// What Idem fires from a template is what a template fires here.
func TestAsIdem(t *testing.T) {
	want, err := os.ReadFile("testdata/jinja.json")
	if err != nil {
		t.Fatal(err)
	}
	file, err := acct.Parse("acct.yaml", []byte("fake: {default: {address: a}}"))
	if err != nil {
		t.Fatal(err)
	}
	broker := providertest.NewFake(providers.Caps{Acked: true, Order: providers.Full})
	h, err := hub.Open(t.Context(), file, hub.WithRunName("nightly"),
		hub.WithProviders(providertest.FakeProvider("fake", map[string]*providertest.Fake{"a": broker})))
	if err != nil {
		t.Fatal(err)
	}
	template, err := hubtemplate.New(t.Context(), h, "").Parse(`{{- putNowait (dict "message" "event content") "default" (dict) }}nothing:
  demo.nop: []
`)
	if err != nil {
		t.Fatal(err)
	}
	var doc strings.Builder
	if err := template.Execute(&doc, nil); err != nil || doc.String() != "nothing:\n  demo.nop: []\n" {
		t.Errorf("%q, %v", doc.String(), err)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stored := broker.Stored(); len(stored) != 1 || string(stored[0].Body) != string(want) {
		t.Errorf("sent %v, want %s", stored, want)
	}
}
