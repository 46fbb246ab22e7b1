package http_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

// scripted answers each body with the status that statuses gives it, 200 where it gives none, and keeps the bodies
// in the order of arrival.
type scripted struct {
	statuses map[string]int

	mu  sync.Mutex
	got []string
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.got = append(s.got, string(body))
	s.mu.Unlock()
	if status := s.statuses[string(body)]; status != 0 {
		w.WriteHeader(status)
	}
}

func numbered(bodies string) []providers.Message {
	ms := messages(len(bodies))
	for i := range ms {
		ms[i].Body = []byte{bodies[i]}
	}
	return ms
}

func TestFirstFailureStopsTheSession(t *testing.T) {
	far := &scripted{statuses: map[string]int{"b": 400, "d": 503}}
	server := serve(t, far.ServeHTTP)
	s := connect(t, environment(providers.OrderStrict), to(server))
	first, second := s.Send(t.Context(), numbered("abcde")), s.Send(t.Context(), numbered("fg"))
	got := [][]string{classes(wait(t, first, 5)), classes(wait(t, second, 2)), classes(deliver(t, s, numbered("h")...))}
	want := [][]string{{"delivered", "permanent", "delivered", "unknown", "unsent"}, {"unsent", "unsent"}, {"unsent"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, far.got); diff != "" {
		t.Errorf("arrived (-want +got):\n%s", diff)
	}
}

func TestFlightsKeepTheirOrder(t *testing.T) {
	far := &scripted{}
	server := serve(t, far.ServeHTTP)
	s := connect(t, environment(providers.OrderKey), to(server))
	const bodies = "abcdefghijklmnopqrstuvwxyz"
	var flights []providers.Flight
	for _, b := range bodies {
		flights = append(flights, s.Send(t.Context(), numbered(string(b))))
	}
	var want []string
	for i, f := range flights {
		if err := wait(t, f, 1)[0]; err != nil {
			t.Fatal(err)
		}
		want = append(want, bodies[i:i+1])
	}
	if diff := cmp.Diff(want, far.got); diff != "" {
		t.Errorf("arrived (-want +got):\n%s", diff)
	}
}

// TestOrderNoneHasSeveralRequestsInFlight has a server that answers nobody until as many are there as may be.
func TestOrderNoneHasSeveralRequestsInFlight(t *testing.T) {
	const lanes = 5
	var arrived sync.WaitGroup
	arrived.Add(lanes)
	server := serve(t, func(http.ResponseWriter, *http.Request) {
		arrived.Done()
		arrived.Wait()
	})
	s := connect(t, environment(providers.OrderNone), func(c *evhttp.Config) {
		c.URL, c.Concurrency = server.URL, lanes
	})
	first, second := s.Send(t.Context(), messages(2)), s.Send(t.Context(), messages(3))
	for _, err := range append(wait(t, first, 2), wait(t, second, 3)...) {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestOrderKeyHasOneRequestInFlight(t *testing.T) {
	busy := make(chan struct{}, 1)
	server := serve(t, func(http.ResponseWriter, *http.Request) {
		select {
		case busy <- struct{}{}:
			<-busy
		default:
			t.Error("two requests at once")
		}
	})
	s := connect(t, environment(providers.OrderKey), to(server))
	first, second := s.Send(t.Context(), messages(20)), s.Send(t.Context(), messages(20))
	wait(t, first, 20)
	wait(t, second, 20)
}

func TestFailureWithOrderNoneLetsRunningRequestsEnd(t *testing.T) {
	running, release := make(chan struct{}), make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) == "a" {
			close(running)
			<-release
			return
		}
		<-running
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	s := connect(t, environment(providers.OrderNone), func(c *evhttp.Config) { c.URL, c.Concurrency = server.URL, 2 })
	slow, failing := s.Send(t.Context(), numbered("a")), s.Send(t.Context(), numbered("b"))
	if got := class(wait(t, failing, 1)[0]); got != "unknown" {
		t.Errorf("503 is %s", got)
	}
	close(release)
	if err := wait(t, slow, 1)[0]; err != nil {
		t.Errorf("the request in flight beside a failure: %v", err)
	}
	if got := class(wait(t, s.Send(context.Background(), numbered("c")), 1)[0]); got != "unsent" {
		t.Errorf("after a failure: %s", got)
	}
}
