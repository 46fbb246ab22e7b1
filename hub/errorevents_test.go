package hub_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// refuseEvents stores what tells of an error and refuses all else.
func refuseEvents(m providers.Message) providertest.Outcome {
	if isErrorEvent(m) {
		return providertest.Outcome{}
	}
	return providertest.Refuse()
}

func isErrorEvent(m providers.Message) bool {
	return strings.Contains(string(m.Body), "publish_event_error_message")
}

// errorBodies are the bodies of the error events that have arrived at a broker.
func (r *rig) errorBodies(address string) []string {
	bodies := []string{}
	for _, m := range r.brokers[address].Stored() {
		if isErrorEvent(m) {
			bodies = append(bodies, string(m.Body))
		}
	}
	return bodies
}

func TestAnErrorEventIsIdems(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b", "other"), `fake: [{p: {address: a}}, {"*": {address: b}}, {q: {address: other}}]`, hub.WithErrorEvents())
		r.brokers["a"].Script(providertest.Script{OnMessage: refuseEvents})
		r.put(hub.Event{
			Profile: "p", ID: "lost", Body: map[string]string{"password": "SECRET"}, RunName: "errrun", Key: "k", TraceParent: "00-a-b-01",
			Tags: json.RawMessage(`{"ref": "somewhere", "x": 1, "y": "\ud800"}`),
		})
		r.flush()
		r.flush() // and what was fired meanwhile
		want := `{"tags": {"ref": "idem.event.publish_error_callback_handler", "x": 1, "y": "\ud800", "plugin": "fake"}, "run_name": "errrun",` +
			` "publish_event_error_message": "the fake broker refuses the message"}`
		if diff := cmp.Diff([]string{want}, r.errorBodies("b")); diff != "" {
			t.Error(diff)
		}
		if got := len(r.brokers["a"].Stored()) + len(r.brokers["other"].Stored()); got > 0 {
			t.Errorf("%d error events elsewhere", got)
		}
		m := r.brokers["b"].Stored()[1]
		if m.Profile != "p" || m.Key != "k" || m.ID == "lost" || m.ID == "" {
			t.Errorf("%+v", m)
		}
		if s := r.Stats(); s.Accepted != 2 || s.Unmatched != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestErrorEventsAreOffUnlessAskedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a}}, {p: {address: b}}]`)
		r.brokers["a"].Script(providertest.Script{OnMessage: refuseEvents})
		r.put(event("1"))
		r.flush()
		if got := r.brokers["b"].IDs(); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("b got %v", got)
		}
	})
}

// Every way in which an event is lost to a destination tells of itself.
func TestWhatFiresAnErrorEvent(t *testing.T) {
	for name, c := range map[string]struct {
		settings string
		break_   func(*providertest.Fake)
		reason   string
	}{
		"given up":    {`delivery: {retry: {give_up: 1m}}`, func(b *providertest.Fake) { b.Script(dead(errDown)) }, "gave up after 1m0s: " + errDown.Error()},
		"no body":     {`format: msgpack`, func(*providertest.Fake) {}, "format msgpack: message, byte 0: a lone surrogate is no character"},
		"drop_newest": {`delivery: {backlog: 1B, on_full: drop_newest}`, stallSend, "the backlog is full, and on_full is drop_newest"},
		"drop_oldest": {`delivery: {backlog: 1B, on_full: drop_oldest}`, stallDial, "the backlog is full, and on_full is drop_oldest"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a", "b"), `fake: [{p: {address: a, `+c.settings+`}}, {p: {address: b}}]`, hub.WithErrorEvents())
				c.break_(r.brokers["a"])
				r.put(hub.Event{Profile: "p", Body: json.RawMessage(`"\ud800"`)})
				settle()
				if strings.HasPrefix(name, "drop") {
					r.put(event("2"))
				}
				after(2 * time.Minute)
				got := r.errorBodies("b")
				if len(got) != 1 || !strings.Contains(got[0], fmt.Sprintf(`"publish_event_error_message": %q}`, c.reason)) {
					t.Errorf("%q; want %s", got, c.reason)
				}
			})
		})
	}
}

// An error event that fails fires nothing, wherever it fails, and however many destinations refuse each other's.
func TestErrorEventsMakeNoLoop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b", "c"), `fake: [{p: {address: a}}, {p: {address: b}}, {p: {address: c}}]`, hub.WithErrorEvents())
		for _, b := range r.brokers {
			b.Script(providertest.Script{OnMessage: outcome(providertest.Refuse())})
		}
		r.put(event("1"))
		after(time.Hour)
		if s := r.Stats(); s.Accepted != 4 { // one for each failure of the first
			t.Errorf("%d events were accepted", s.Accepted)
		}
		if got := len(r.letters()); got != 3+3*2 {
			t.Errorf("%d dead letters", got)
		}
	})
}

func TestAStormOfFailuresFiresFewErrorEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a}}, {p: {address: b}}]`, hub.WithErrorEvents())
		r.brokers["a"].Script(providertest.Script{OnMessage: refuseEvents})
		for _, e := range events("e", 500) {
			r.put(e)
		}
		r.flush()
		after(time.Second)
		if got := len(r.errorBodies("b")); got != 10 {
			t.Fatalf("%d error events", got)
		}
		r.put(event("later"))
		after(time.Millisecond)
		got := r.errorBodies("b")
		if len(got) != 11 || !strings.Contains(got[10], "message (and 490 more, of which no event tells)") {
			t.Errorf("%d: %s", len(got), got[len(got)-1])
		}
		after(time.Hour)
		r.put(event("much-later"))
		after(time.Millisecond)
		if got := r.errorBodies("b"); len(got) != 12 || strings.Contains(got[11], "no event tells") {
			t.Errorf("%q", got[11:])
		}
	})
}

// Another destination that is full does without error events: they push nothing out, and keep nobody waiting.
func TestErrorEventsDisplaceNothing(t *testing.T) {
	for _, policy := range []string{"block", "drop_oldest", "drop_newest"} {
		bubble(t, func(t *testing.T) {
			r := open(t, healthy("a", "b", "c"),
				`fake: [{"*": {address: a}}, {q: {address: b, delivery: {backlog: 1B, timeout: 1h, on_full: `+policy+`}}}, {q: {address: c}}]`, hub.WithErrorEvents())
			r.brokers["a"].Script(providertest.Script{OnMessage: refuseEvents})
			release := r.brokers["b"].Stall()
			r.put(hub.Event{Profile: "q", ID: "first"})
			after(time.Second)
			if got := len(r.errorBodies("c")); got != 1 {
				t.Errorf("%s: c got %d error events", policy, got)
			}
			release()
			r.flush()
			if got := r.brokers["b"].IDs(); !cmp.Equal(got, []string{"first"}) {
				t.Errorf("%s: b got %v", policy, got)
			}
			if s := r.stats("b"); s.Dropped != 0 {
				t.Errorf("%s: %d were dropped", policy, s.Dropped)
			}
		})
	}
}

func TestErrorEventsPassFilters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b", "c"), `fake:
  - p: {address: a}
  - p: {address: b, filter: {tags.plugin: fake}}
  - p: {address: c, filter: {tags.plugin: kafka}}
`, hub.WithErrorEvents())
		r.brokers["a"].Script(providertest.Script{OnMessage: refuseEvents})
		r.put(event("1"))
		after(time.Second)
		if b, c := len(r.errorBodies("b")), len(r.brokers["c"].Stored()); b != 1 || c != 0 {
			t.Errorf("b got %d, c %d", b, c)
		}
	})
}

// What cannot be told of is counted by the next event, and a hub that closes tells of what it still delivers.
func TestErrorEventsThatCannotBeFired(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a}}, {p: {address: b}}]`, hub.WithErrorEvents(), hub.WithMaxEvent(230))
		r.brokers["a"].Script(providertest.Script{OnMessage: refuseEvents})
		r.put(hub.Event{Profile: "p", Tags: map[string]string{"x": strings.Repeat("x", 150)}})
		after(time.Second)
		if got := len(r.log.lines("no error event could be fired")); got != 1 || len(r.errorBodies("b")) != 0 {
			t.Errorf("%d lines, %q", got, r.errorBodies("b"))
		}
		r.put(hub.Event{Profile: "p", Tags: map[string]string{}})
		after(time.Second)
		if got := r.errorBodies("b"); len(got) != 1 || !strings.Contains(got[0], "(and 1 more, of which no event tells)") {
			t.Errorf("%q", got)
		}
	})
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a}}, {p: {address: b}}]`, hub.WithErrorEvents())
		release := r.brokers["a"].Stall()
		r.brokers["a"].Script(providertest.Script{OnMessage: refuseEvents})
		r.put(event("1"))
		settle()
		closed := make(chan error, 1)
		go func() { closed <- r.Close(within(t, time.Minute)) }()
		settle()
		release()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if got := r.errorBodies("b"); len(got) != 1 {
			t.Errorf("%q", got)
		}
	})
}

// A destination that fails what the journal has for it as soon as the hub opens tells the others, also those that come
// behind it in the file.
func TestErrorEventsOfWhatTheJournalHas(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const others = 300 // so many that opening takes longer than failing
		addresses := []string{"a"}
		layout := "fake:\n  - p: {address: a}\n"
		for i := range others {
			addresses = append(addresses, fmt.Sprint("b", i))
			layout += fmt.Sprintf("  - p: {address: b%d}\n", i)
		}
		fs, bs := crashfs.New(1), healthy(addresses...)
		bs["a"].Script(dead(errDown))
		r := openOn(t, fs, bs, layout)
		r.put(event("1"))
		_ = r.kept()
		bs["a"].Script(providertest.Script{OnMessage: refuseEvents})
		r = openOn(t, fs, bs, layout, hub.WithErrorEvents())
		after(time.Second)
		r.flush()
		for i := range others {
			if got := len(r.errorBodies(fmt.Sprint("b", i))); got != 1 {
				t.Errorf("b%d got %d error events", i, got)
			}
		}
	})
}
