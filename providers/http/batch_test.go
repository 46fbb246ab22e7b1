package http_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

func batched(url, form string) configure {
	return func(c *evhttp.Config) { c.URL, c.Batch = url, form }
}

func TestBatchIsOneRequest(t *testing.T) {
	const cloudEvents = "application/cloudevents+json"
	for name, tc := range map[string]struct{ form, contentType, wantType, wantBody string }{
		"array":                 {"array", "application/json", "application/json", `[{"n": 1},{"n": 2},{"n": 3}]`},
		"lines":                 {"ndjson", "application/json", "application/x-ndjson", "{\"n\": 1}\n{\"n\": 2}\n{\"n\": 3}\n"},
		"array of CloudEvents":  {"array", cloudEvents, "application/cloudevents-batch+json", `[{"n": 1},{"n": 2},{"n": 3}]`},
		"lines of CloudEvents":  {"ndjson", cloudEvents, "application/x-ndjson", "{\"n\": 1}\n{\"n\": 2}\n{\"n\": 3}\n"},
		"array of another JSON": {"array", "application/vnd.x+json", "application/json", `[{"n": 1},{"n": 2},{"n": 3}]`},
	} {
		t.Run(name, func(t *testing.T) {
			handler, got := record(t)
			s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
				batched(serve(t, handler).URL, tc.form)(c)
				c.Headers = map[string]providers.Secret{"User-Agent": providers.NewSecret("mine/1")}
			})
			ms := messages(3)
			for i := range ms {
				ms[i].ContentType, ms[i].Attrs = tc.contentType, []providers.Attr{{Name: "id", Value: ms[i].ID}, {Name: "traceparent", Value: "00"}}
			}
			for _, err := range deliver(t, s, ms...) {
				if err != nil {
					t.Error(err)
				}
			}
			r := <-got
			key := r.Header.Get("Idempotency-Key")
			want := http.Header{
				"Content-Length": r.Header["Content-Length"], "Content-Type": {tc.wantType}, "Idempotency-Key": {key}, "User-Agent": {"mine/1"},
			}
			if diff := cmp.Diff(want, r.Header); diff != "" || r.Body != tc.wantBody || !strings.HasPrefix(key, "batch-") {
				t.Errorf("body %q, key %q, headers (-want +got):\n%s", r.Body, key, diff)
			}
		})
	}
}

func TestBatchOfOneIsABatch(t *testing.T) {
	handler, got := record(t)
	s := connect(t, environment(providers.OrderKey), batched(serve(t, handler).URL, "array"))
	deliver(t, s, messages(1)...)
	if r := <-got; r.Body != `[{"n": 1}]` {
		t.Errorf("body %s", r.Body)
	}
}

// TestBatchKey: the same events have the same key, others another, however their IDs are cut.
func TestBatchKey(t *testing.T) {
	handler, got := record(t)
	s := connect(t, environment(providers.OrderKey), batched(serve(t, handler).URL, "array"))
	key := func(ids ...string) string {
		ms := messages(len(ids))
		for i, id := range ids {
			ms[i].ID = id
		}
		deliver(t, s, ms...)
		return (<-got).Header.Get("Idempotency-Key")
	}
	ab := key("a", "b")
	if again := key("a", "b"); again != ab {
		t.Errorf("the same batch has the keys %s and %s", ab, again)
	}
	for _, ids := range [][]string{{"b", "a"}, {"ab"}, {"a"}, {"a", "b", "c"}, {"a,b"}, {"1:a,1:b"}, {"a,1:b"}, {"", "ab"}} {
		if other := key(ids...); other == ab {
			t.Errorf("%q has the key of a, b", ids)
		}
	}
}

func TestLinesStayOneLineEach(t *testing.T) {
	handler, got := record(t)
	s := connect(t, environment(providers.OrderKey), batched(serve(t, handler).URL, "ndjson"))
	ms := messages(2)
	ms[0].Body = []byte("{\r\n \"a\": \"x\\n\"\n}")
	deliver(t, s, ms...)
	if r := <-got; r.Body != "{   \"a\": \"x\\n\" }\n{\"n\": 2}\n" {
		t.Errorf("body %q", r.Body)
	}
	if string(ms[0].Body) != "{\r\n \"a\": \"x\\n\"\n}" {
		t.Errorf("the message was changed to %q", ms[0].Body)
	}
}

// guarded answers a batch with the status of the first event in it that has one, without taking any.
type guarded struct {
	statuses map[byte]int

	mu       sync.Mutex
	requests []string // what came, and the status of it if it was not taken
	taken    string
}

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	events := strings.NewReplacer("[", "", "]", "", ",", "", `"`, "").Replace(string(body))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, events)
	for i := range len(events) {
		if status := g.statuses[events[i]]; status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	g.taken += events
}

func lettered(letters string) []providers.Message {
	ms := messages(len(letters))
	for i := range ms {
		ms[i].Body = []byte(`"` + letters[i:i+1] + `"`)
	}
	return ms
}

func TestRefusedBatchIsHalved(t *testing.T) {
	const ok, bad, unknown, unsent = "delivered", "permanent", "unknown", "unsent"
	for name, tc := range map[string]struct {
		statuses map[byte]int
		want     []string
		requests []string
		taken    string
	}{
		"none at fault": {nil, []string{ok, ok, ok, ok, ok}, []string{"abcde"}, "abcde"},
		"one":           {map[byte]int{'c': 400}, []string{ok, ok, bad, ok, ok}, []string{"abcde", "ab", "cde", "c", "de"}, "abde"},
		"first and last": {map[byte]int{'a': 422, 'e': 413}, []string{bad, ok, ok, ok, bad},
			[]string{"abcde", "ab", "a", "b", "cde", "c", "de", "d", "e"}, "bcd"},
		"failure behind a refusal": {map[byte]int{'a': 400, 'd': 503}, []string{bad, ok, unknown, unknown, unknown},
			[]string{"abcde", "ab", "a", "b", "cde"}, "b"},
		"failure before the rest": {map[byte]int{'a': 400, 'b': 503}, []string{bad, unknown, unsent, unsent, unsent},
			[]string{"abcde", "ab", "a", "b"}, ""},
		"failure of all":                   {map[byte]int{'a': 503}, []string{unknown, unknown, unknown, unknown, unknown}, []string{"abcde"}, ""},
		"batches are not taken":            {map[byte]int{'a': 415}, []string{unknown, unknown, unknown, unknown, unknown}, []string{"abcde"}, ""},
		"the headers of all are too large": {map[byte]int{'a': 431}, []string{unknown, unknown, unknown, unknown, unknown}, []string{"abcde"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			far := &guarded{statuses: tc.statuses}
			s := connect(t, environment(providers.OrderKey), batched(serve(t, far.ServeHTTP).URL, "array"))
			got := classes(deliver(t, s, lettered("abcde")...))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.requests, far.requests); diff != "" || far.taken != tc.taken {
				t.Errorf("taken %q, requests (-want +got):\n%s", far.taken, diff)
			}
		})
	}
}

func TestBatchFlightsKeepTheirOrder(t *testing.T) {
	far := &guarded{statuses: map[byte]int{'b': 400, 'f': 422}}
	s := connect(t, environment(providers.OrderKey), batched(serve(t, far.ServeHTTP).URL, "array"))
	first, second, third := s.Send(t.Context(), lettered("abcd")), s.Send(t.Context(), lettered("ef")), s.Send(t.Context(), lettered("g"))
	wait(t, first, 4)
	wait(t, second, 2)
	wait(t, third, 1)
	if far.taken != "acdeg" {
		t.Errorf("taken %q", far.taken)
	}
}

// TestOpaqueBodyIsInNoBatch has one among others, which are delivered.
func TestOpaqueBodyIsInNoBatch(t *testing.T) {
	far := &guarded{}
	s := connect(t, environment(providers.OrderKey), batched(serve(t, far.ServeHTTP).URL, "array"))
	ms := lettered("abc")
	ms[1].ContentType = "application/octet-stream"
	errs := deliver(t, s, ms...)
	if diff := cmp.Diff([]string{"delivered", "permanent", "delivered"}, classes(errs)); diff != "" || far.taken != "ac" {
		t.Errorf("taken %q, outcomes (-want +got):\n%s", far.taken, diff)
	}
	ms = ms[1:2]
	if got := classes(deliver(t, s, ms...)); got[0] != "permanent" || len(far.requests) != 1 {
		t.Errorf("alone: %v, requests %q", got, far.requests)
	}
}

// TestSlowBatchEndsWithItsFlight: the engine, whose wait it is, makes batches smaller when it has ended.
func TestSlowBatchEndsWithItsFlight(t *testing.T) {
	server, arrived := stalled(t)
	env := environment(providers.OrderKey)
	env.Timeout = time.Millisecond
	s := connect(t, env, batched(server.URL, "array"))
	f := s.Send(t.Context(), messages(2))
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := f.Wait(ctx)
	if ctx.Err() == nil {
		t.Errorf("the flight ended before its wait did: %v", err)
	}
	if got := class(err); got != "unknown" || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("outcome %s: %v", got, err)
	}
}

func TestCapsOfBatches(t *testing.T) {
	single := connection(t, batched("http://x.example", "none")).Caps
	batch := connection(t, func(c *evhttp.Config) {
		batched("http://x.example", "ndjson")(c)
		c.BatchBytes = 1000
	}).Caps
	if !single.OneByOne || single.NoAttrs || single.BatchMessages != 16 || single.BatchBytes != 0 {
		t.Errorf("single %+v", single)
	}
	if want := (providers.Caps{Acked: true, Order: providers.Full, NoAttrs: true, BatchBytes: 1000}); batch != want {
		t.Errorf("batch %+v, want %+v", batch, want)
	}
}
