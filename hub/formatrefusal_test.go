package hub_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/providertest"
)

// What a format has no body for becomes a dead letter with the reason, in its place, and is never sent. The others, and
// other destinations, are as they were.
func TestWhatAFormatHasNoBodyFor(t *testing.T) {
	for _, linger := range []string{"0s", "10ms"} { // in a flight each, and together
		bubble(t, func(t *testing.T) {
			r := open(t, healthy("packed", "text"), fmt.Sprintf(`fake:
  - p: {address: packed, format: msgpack, delivery: {linger: %s}}
  - p: {address: text}
`, linger))
			var dead []string
			for i := range 7 {
				id := fmt.Sprint(i)
				e := hub.Event{Profile: "p", ID: id, Body: i}
				if i%3 == 0 { // the first, the last, and one between
					e.Body, dead = json.RawMessage(`"\ud800"`), append(dead, id)
				}
				r.put(e)
				if linger == "0s" {
					settle()
				}
			}
			receipt, err := r.PutWait(t.Context(), hub.Event{Profile: "p", ID: "watched", Body: json.RawMessage(`1e999`)})
			if err != nil || receipt.Results[0].State != hub.Dead || receipt.Results[1].State != hub.Delivered {
				t.Errorf("%+v, %v", receipt, err)
			}
			r.flush()
			if diff := cmp.Diff([]string{"1", "2", "4", "5"}, r.brokers["packed"].IDs()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"0", "1", "2", "3", "4", "5", "6", "watched"}, r.brokers["text"].IDs()); diff != "" {
				t.Error(diff)
			}
			var letters []string
			for l, err := range r.DeadLetters(hub.DeadFilter{}) {
				if err != nil || !strings.HasPrefix(l.Reason, "format msgpack: message, byte 0: ") {
					t.Errorf("%s: %q, %v", l.Event.ID, l.Reason, err)
				}
				letters = append(letters, l.Event.ID)
			}
			if diff := cmp.Diff(append(dead, "watched"), letters); diff != "" {
				t.Error(diff)
			}
			if s := r.stats("packed"); s.Dials != 1 || s.Retried != 0 {
				t.Errorf("a refusal of ours ended the session: %+v", s)
			}
		})
	}
}

// In structured mode the attributes are in the body, and not beside it.
func TestStructuredModeHasNoAttributesBeside(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, format: cloudevents, source: /here}}`)
		r.put(hub.Event{Profile: "p", ID: "id", Body: 1.0, Tags: map[string]int{"n": 1}, RunName: "other"})
		r.flush()
		m := r.brokers["a"].Stored()[0]
		var e map[string]any
		if err := json.Unmarshal(m.Body, &e); err != nil {
			t.Fatal(err)
		}
		if len(m.Attrs) > 0 || m.ContentType != "application/cloudevents+json" || m.ID != "id" {
			t.Errorf("%+v", m)
		}
		if e["source"] != "/here" || e["runname"] != "other" || e["data"] != 1.0 || e["tags"] != `{"n":1}` {
			t.Errorf("%s", m.Body)
		}
	})
}

func TestFormatsThatThereAreNot(t *testing.T) {
	_, err := hub.NewPlan(parse(t, "fake:\n  p: {address: a, format: str}\n"), hub.WithProviders(providertest.FakeProvider("fake", healthy("a"))))
	if err == nil || !strings.Contains(err.Error(), "acct.yaml:2: fake.p.format: ") || !strings.Contains(err.Error(), "Python's repr") {
		t.Error(err)
	}
	if err := hub.CheckFormat("json"); err != nil {
		t.Error(err)
	}
	if err := hub.CheckFormat("xml"); err == nil {
		t.Error("there is a format xml")
	}
}
