package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// refusing refuses for good the messages whose ID contains part.
func refusing(part string) providertest.Script {
	return providertest.Script{OnMessage: func(m providers.Message) providertest.Outcome {
		if strings.Contains(m.ID, part) {
			return providertest.Refuse()
		}
		return providertest.Outcome{}
	}}
}

func TestNeighboursOfARefusalAreDelivered(t *testing.T) {
	for _, order := range []providers.Order{providers.Full, providers.Suffix, providers.None} {
		t.Run(order.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, brokers{"a": acked(order), "b": acked(providers.Full)}, `fake: [{p: {address: a}}, {p: {address: b}}]`)
				r.brokers["a"].Script(refusing("7"))
				es := events("e", 20)
				if _, err := r.PutAll(t.Context(), es); err != nil {
					t.Fatal(err)
				}
				r.flush()
				if got := r.brokers["a"].IDs(); len(got) != 18 {
					t.Errorf("delivered %v", got)
				}
				if got := r.letterIDs(); !cmp.Equal(got, []string{"e-7", "e-17"}) {
					t.Errorf("dead: %v", got)
				}
				if s := r.stats("a"); s.Refused != 2 || s.DeadLetters != 2 || s.Retried != 0 || s.Overtaken != 0 || s.Dials != 1 {
					t.Errorf("%+v", s)
				}
				if got := r.brokers["b"].IDs(); !cmp.Equal(got, ids(es)) {
					t.Errorf("the other destination got %v", got)
				}
			})
		})
	}
}

func TestDeadLetterSaysEverything(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var hooked []hub.DeadLetter
		r := open(t, healthy("a"), `fake: {"*": {address: a}}`,
			hub.WithHooks(hub.Hooks{Dead: func(_ string, l hub.DeadLetter) { hooked = append(hooked, l) }}))
		r.brokers["a"].Script(refusing(""))
		at := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
		r.put(hub.Event{Profile: "p", Body: map[string]any{"a": 1}, Tags: map[string]any{"t": "u"}, RunName: "run", Key: "k", ID: "id", Time: at})
		r.flush()
		l := r.letters()[0]
		if l.Destination != "fake:*@a" || l.Attempts != 1 || !l.Time.Equal(time.Now()) || l.Reason != "the fake broker refuses the message" || l.Seq != 1 {
			t.Errorf("letter %+v", l)
		}
		e := l.Event
		if e.Profile != "p" || e.RunName != "run" || e.Key != "k" || e.ID != "id" || !e.Time.Equal(at) ||
			fmt.Sprintf("%s %s", e.Body, e.Tags) != `{"a": 1} {"t": "u"}` {
			t.Errorf("event %+v", e)
		}
		if len(hooked) != 1 || hooked[0].Event.ID != "id" {
			t.Errorf("the hook got %+v", hooked)
		}
	})
}

func TestReplay(t *testing.T) { // T54
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a}}, {p: {address: b}}]`)
		a := r.brokers["a"]
		a.Script(refusing("bad"))
		r.put(events("bad", 3)...)
		r.flush()
		a.Script(providertest.Script{})
		release := a.Stall()
		r.put(event("waits"))
		if n, err := r.Replay(t.Context(), hub.DeadFilter{}); n != 3 || err != nil {
			t.Fatalf("Replay = %d, %v", n, err)
		}
		r.put(event("new"))
		release()
		r.flush()
		want := []string{"waits", "bad-0", "bad-1", "bad-2", "new"}
		if got := a.IDs(); !cmp.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if got := r.brokers["b"].Stats().Duplicates; got != 0 {
			t.Errorf("the other destination got %d duplicates", got)
		}
		bodies := map[string]string{}
		for _, m := range r.brokers["b"].Stored() {
			bodies[m.ID] = string(m.Body) + fmt.Sprint(m.Attrs, m.Time)
		}
		for _, m := range a.Stored() {
			if got := string(m.Body) + fmt.Sprint(m.Attrs, m.Time); got != bodies[m.ID] {
				t.Errorf("replayed as %s, was %s", got, bodies[m.ID])
			}
		}
		if got := r.letterIDs(); len(got) != 0 {
			t.Errorf("still dead: %v", got)
		}
	})
}

func TestDeadFilter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{"*": {address: a}}, {"*": {address: b}}]`)
		for _, b := range r.brokers {
			b.Script(refusing(""))
		}
		start := time.Now()
		for i := range 4 {
			r.put(hub.Event{Profile: fmt.Sprintf("p%d", i), ID: fmt.Sprint(i)})
			after(time.Minute)
		}
		for _, c := range []struct {
			filter hub.DeadFilter
			want   int
		}{
			{hub.DeadFilter{}, 8},
			{hub.DeadFilter{Destination: "*@a"}, 4},
			{hub.DeadFilter{Profile: "p[12]"}, 4},
			{hub.DeadFilter{Destination: "*@b", Profile: "p3"}, 1},
			{hub.DeadFilter{Reason: "refuses"}, 8},
			{hub.DeadFilter{Reason: "nobody says this"}, 0},
			{hub.DeadFilter{Since: start.Add(time.Minute)}, 6},
			{hub.DeadFilter{Until: start.Add(time.Minute)}, 4},
		} {
			n := 0
			for range r.DeadLetters(c.filter) {
				n++
			}
			if n != c.want {
				t.Errorf("%+v chooses %d, want %d", c.filter, n, c.want)
			}
		}
		if n, err := r.Discard(hub.DeadFilter{Destination: "*@a"}); n != 4 || err != nil {
			t.Errorf("Discard = %d, %v", n, err)
		}
		if got := r.letterIDs(); !cmp.Equal(got, []string{"0", "1", "2", "3"}) {
			t.Errorf("left: %v", got)
		}
	})
}
