package hub_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
)

func (r *rig) subscribe(f hub.Filter) *hub.Subscription {
	r.t.Helper()
	s, err := r.Subscribe(f)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(s.Close)
	return s
}

// drain returns what the subscription has, as IDs, until nothing comes.
func drain(t *testing.T, s *hub.Subscription) []string {
	ids := []string{}
	for e, err := range s.Events(within(t, time.Millisecond)) {
		var gap *hub.GapError
		switch {
		case errors.As(err, &gap):
			ids = append(ids, fmt.Sprintf("gap of %d", gap.Missed))
		case errors.Is(err, context.DeadlineExceeded):
		case err != nil:
			t.Errorf("Events: %v", err)
		default:
			ids = append(ids, e.ID)
		}
	}
	return ids
}

func TestSubscribe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		r.put(event("before"))
		all := r.subscribe(hub.Filter{})
		some := r.subscribe(hub.Filter{Profiles: []string{"q*", "r"}})
		r.put(event("1"), hub.Event{Profile: "q1", ID: "2"}, hub.Event{Profile: "r", ID: "3"}, hub.Event{Profile: "rr", ID: "4"})
		if got := drain(t, all); !cmp.Equal(got, []string{"1", "2", "3", "4"}) {
			t.Errorf("all: %v", got)
		}
		if got := drain(t, some); !cmp.Equal(got, []string{"2", "3"}) {
			t.Errorf("some: %v", got)
		}
		r.put(event("5"))
		if got := drain(t, all); !cmp.Equal(got, []string{"5"}) {
			t.Errorf("in a second loop: %v", got)
		}
	})
}

func TestSubscriptionGivesTheWholeEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		s := r.subscribe(hub.Filter{})
		at := time.Now().Add(-time.Hour)
		r.put(hub.Event{Profile: "p", ID: "i", Key: "k", RunName: "n", Time: at, TraceParent: "t", Body: "b", Tags: map[string]any{"x": 1}})
		for e, err := range s.Events(t.Context()) {
			if err != nil || e.Profile != "p" || e.ID != "i" || e.Key != "k" || e.RunName != "n" || !e.Time.Equal(at) ||
				e.TraceParent != "t" || fmt.Sprintf("%s %s", e.Body, e.Tags) != `"b" {"x": 1}` || e.Position == "" {
				t.Errorf("%+v, %v", e, err)
			}
			break
		}
	})
}

func TestASlowSubscriberGetsAGap(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a}}`)
		s := r.subscribe(hub.Filter{Buffer: 3})
		r.put(events("e", 10)...)
		if got := drain(t, s); !cmp.Equal(got, []string{"gap of 7", "e-7", "e-8", "e-9"}) {
			t.Errorf("got %v", got)
		}
		r.put(event("next"))
		if got := drain(t, s); !cmp.Equal(got, []string{"next"}) {
			t.Errorf("got %v", got)
		}
		if s := r.stats("a"); s.Delivered != 11 {
			t.Errorf("a subscriber held up a destination: %+v", s)
		}
	})
}

func TestSubscriptionsEnd(t *testing.T) {
	for name, end := range map[string]func(r *rig, s *hub.Subscription){
		"with the subscription": func(_ *rig, s *hub.Subscription) { s.Close(); s.Close() },
		"with the hub":          func(r *rig, _ *hub.Subscription) { _ = r.Close(r.t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a"), `fake: {p: {address: a}}`)
				s := r.subscribe(hub.Filter{})
				got := make(chan []string)
				go func() {
					ids := []string{}
					for e, err := range s.Events(t.Context()) {
						ids = append(ids, fmt.Sprint(e.ID, err))
					}
					got <- ids
				}()
				r.put(event("1"))
				settle()
				end(r, s)
				if ids := <-got; !cmp.Equal(ids, []string{"1<nil>"}) {
					t.Errorf("got %v", ids)
				}
			})
		})
	}
}

func TestARefusedEventIsNotStreamed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {p: {address: a, delivery: {backlog: 1B}}}`)
		stallDial(r.brokers["a"])
		s := r.subscribe(hub.Filter{})
		r.put(event("1"))
		_ = r.PutNowait(event("2"))
		if got := drain(t, s); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("got %v", got)
		}
	})
}
