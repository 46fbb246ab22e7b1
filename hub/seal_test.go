package hub_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
)

type node struct{ Next *node }

func TestABadEventIsRefusedWithTheFieldsPath(t *testing.T) {
	cycle := &node{}
	cycle.Next = cycle
	loop := map[string]any{}
	loop["self"] = loop
	for name, c := range map[string]struct {
		event hub.Event
		want  []string
	}{
		"NaN":              {hub.Event{Body: map[string]any{"a": []any{1, math.NaN()}}}, []string{"body", "a", "1", "NaN"}},
		"infinity":         {hub.Event{Tags: map[string]any{"t": math.Inf(-1)}}, []string{"tags", "t"}},
		"channel":          {hub.Event{Body: map[string]any{"c": make(chan int)}}, []string{"body", "c", "chan"}},
		"function":         {hub.Event{Body: struct{ F func() }{func() {}}}, []string{"body", "F", "func"}},
		"cycle":            {hub.Event{Body: cycle}, []string{"body", "Next"}},
		"cycle of maps":    {hub.Event{Body: loop}, []string{"body", "self"}},
		"invalid UTF-8":    {hub.Event{Body: map[string]any{"s": "a\xffb"}}, []string{"body", "s", "UTF-8"}},
		"invalid key":      {hub.Event{Body: map[string]any{"s\xff": 1}}, []string{"body", "UTF-8"}},
		"bad raw JSON":     {hub.Event{Body: json.RawMessage(`{"a": }`)}, []string{"body"}},
		"tags no object":   {hub.Event{Tags: []int{1}}, []string{"tags", "object"}},
		"raw tags":         {hub.Event{Tags: json.RawMessage(`[1]`)}, []string{"tags", "object"}},
		"long profile":     {hub.Event{Profile: strings.Repeat("p", 1025)}, []string{"profile", "1025", "1024"}},
		"invalid profile":  {hub.Event{Profile: "p\xff"}, []string{"profile", "UTF-8"}},
		"long run name":    {hub.Event{RunName: strings.Repeat("p", 1025)}, []string{"run_name"}},
		"invalid key name": {hub.Event{Key: "\xff"}, []string{"key", "UTF-8"}},
		"long key":         {hub.Event{Key: strings.Repeat("p", 1025)}, []string{"key"}},
		"long id":          {hub.Event{ID: strings.Repeat("p", 257)}, []string{"id", "257", "256"}},
		"CR LF in id":      {hub.Event{ID: "a\r\nb"}, []string{"id", `a\r\nb`}},
		"space in id":      {hub.Event{ID: "a b"}, []string{"id"}},
		"traceparent":      {hub.Event{TraceParent: "00-1\r\nX: y"}, []string{"traceparent"}},
		"year 10000":       {hub.Event{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, []string{"time", "10000"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := open(t, healthy("a"), `fake: {"*": {address: a}}`)
				c.event.Profile = cmpOr(c.event.Profile, "p")
				err := r.PutNowait(c.event)
				if !errors.Is(err, hub.ErrEncode) {
					t.Fatalf("%v is no ErrEncode", err)
				}
				for _, want := range c.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%q does not say %q", err, want)
					}
				}
				if strings.ContainsAny(err.Error(), "\r\n") {
					t.Errorf("%q has a line break", err)
				}
				if s := r.Stats(); s.Accepted != 0 || s.Destinations[0].BacklogEvents != 0 {
					t.Errorf("something was accepted: %+v", s)
				}
			})
		})
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestTooLarge(t *testing.T) {
	for _, c := range []struct {
		opts []hub.Option
		size int
	}{{nil, 1 << 20}, {[]hub.Option{hub.WithMaxEvent(100)}, 100}} {
		bubble(t, func(t *testing.T) {
			r := open(t, healthy("a"), `fake: {p: {address: a, format: raw}}`, c.opts...)
			fits := hub.Event{Profile: "p", Body: make([]byte, c.size-len(`{}`))}
			if err := r.PutNowait(fits); err != nil {
				t.Errorf("%d bytes: %v", c.size, err)
			}
			tooMuch := hub.Event{Profile: "p", Body: make([]byte, c.size-len(`{}`)+1)}
			if err := r.PutNowait(tooMuch); !errors.Is(err, hub.ErrTooLarge) || !strings.Contains(err.Error(), fmt.Sprint(c.size)) {
				t.Errorf("%d bytes: %v", c.size+1, err)
			}
			r.flush()
		})
	}
}

func TestAProfileMayHaveControlCharacters(t *testing.T) { // S08
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {"../\r\n\0*": {address: a}}`)
		profile := "../\r\n\x00\x1b世" + strings.Repeat("x", 1000)
		r.put(hub.Event{Profile: profile})
		r.flush()
		if got := r.brokers["a"].Stored(); len(got) != 1 || got[0].Profile != profile {
			t.Errorf("got %+v", got)
		}
	})
}

// Put encodes before it returns: what the caller does to its values later is not seen.
func TestPutTakesASnapshot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a", "b"), `fake: [{p: {address: a}}, {q: {address: b, format: raw}}]`)
		body, tags, opaque := map[string]any{"k": 1}, map[string]any{}, []byte("before")
		r.put(hub.Event{Profile: "p", Body: body, Tags: tags}, hub.Event{Profile: "q", Body: opaque})
		body["k"], tags["k"] = 2, 2
		copy(opaque, "after!")
		r.flush()
		if got := string(r.brokers["a"].Stored()[0].Body); got != `{"tags": {}, "message": {"k": 1}, "run_name": "cli"}` {
			t.Errorf("got %s", got)
		}
		if got := string(r.brokers["b"].Stored()[0].Body); got != "before" {
			t.Errorf("got %s", got)
		}
	})
}

func TestDefaultsOfAnEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), `fake: {default: {address: a}}`, hub.WithRunName("nightly"))
		r.put(hub.Event{}, hub.Event{RunName: "own", Position: "ignored"})
		r.flush()
		ms := r.brokers["a"].Stored()
		if ms[0].Profile != "default" || ms[0].RunName != "nightly" || ms[1].RunName != "own" || !ms[0].Time.Equal(time.Now()) {
			t.Errorf("got %+v", ms)
		}
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(ms[0].ID) {
			t.Errorf("id %s is no UUIDv7", ms[0].ID)
		}
	})
}

func TestIDsRiseAndAreUnique(t *testing.T) {
	r := open(t, healthy("a"), `fake: {p: {address: a}}`)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var last string
			for range 1000 {
				receipt, err := r.PutTracked(t.Context(), hub.Event{Profile: "nobody"})
				if err != nil {
					t.Error(err)
					return
				}
				got, _ := receipt.Wait(t.Context())
				if got.ID <= last {
					t.Errorf("%s after %s", got.ID, last)
				}
				last = got.ID
				_ = r.PutNowait(hub.Event{Profile: "p", ID: got.ID})
			}
		})
	}
	wg.Wait()
	r.flush()
	got := r.brokers["a"].IDs()
	slices.Sort(got)
	if unique := slices.Compact(slices.Clone(got)); !cmp.Equal(got, unique) || len(got) != 4000 {
		t.Errorf("%d ids, %d of them unique", len(got), len(unique))
	}
}
