package http_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
)

// stalled returns a server that reads requests and answers none, and a channel that tells of each.
func stalled(t *testing.T) (*httptest.Server, <-chan struct{}) {
	arrived := make(chan struct{}, 10)
	return serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-r.Context().Done()
	}), arrived
}

func TestDialFailsWhereNobodyListens(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	server.Close()
	if s, err := open(t, environment(providers.OrderKey), to(server))(t.Context()); err == nil {
		closeSession(t, s)
		t.Fatal("Dial succeeded")
	}
}

func TestDialSendsNoRequest(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came") })
	connect(t, environment(providers.OrderKey), to(server))
}

func TestCloseEndsAWait(t *testing.T) {
	server, arrived := stalled(t)
	s := connect(t, environment(providers.OrderKey), to(server))
	f := s.Send(t.Context(), messages(2))
	<-arrived
	closeSession(t, s)
	got := classes(wait(t, f, 2))
	if got[0] != "unknown" || got[1] != "unsent" {
		t.Errorf("outcomes %v", got)
	}
	if got := class(deliver(t, s, messages(1)...)[0]); got != "unsent" {
		t.Errorf("after Close: %s", got)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	server, arrived := stalled(t)
	s := connect(t, environment(providers.OrderKey), to(server))
	f, next := s.Send(t.Context(), messages(2)), s.Send(t.Context(), messages(1))
	<-arrived
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var batch *providers.BatchError
	if err := f.Wait(ctx); !errors.As(err, &batch) || class(batch.Errs[0]) != "unknown" || class(batch.Errs[1]) != "unsent" {
		t.Errorf("Wait = %v", err)
	}
	if got := class(wait(t, next, 1)[0]); got != "unsent" {
		t.Errorf("the flight behind it: %s", got)
	}
}

// TestRefusedConnectionIsUnsent has a server that goes away between the dial and the request.
func TestRefusedConnectionIsUnsent(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	s := connect(t, environment(providers.OrderKey), to(server))
	server.Close()
	if got := class(deliver(t, s, messages(1)...)[0]); got != "unsent" {
		t.Errorf("outcome %s", got)
	}
}

// TestUnknownOutcomeIsNotRepeated has a server that reads a request on a connection that has served before and hangs
// up: what net/http repeats on its own when it believes a request to be idempotent.
func TestUnknownOutcomeIsNotRepeated(t *testing.T) {
	for name, body := range map[string][]byte{"with a body": []byte("{}"), "without": nil} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int64
			server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if requests.Add(1) == 2 {
					panic(http.ErrAbortHandler)
				}
			})
			s := connect(t, environment(providers.OrderKey), to(server))
			ms := messages(2)
			ms[1].Body = body
			got := classes(deliver(t, s, ms...))
			if n := requests.Load(); got[0] != "delivered" || got[1] != "unknown" || n != 2 {
				t.Errorf("outcomes %v after %d requests, want delivered and unknown after 2", got, n)
			}
		})
	}
}

func TestSessionsLeaveNoConnection(t *testing.T) {
	var alive atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(make([]byte, 1<<20)) // too long to be read: the connection cannot be used again
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			alive.Add(1)
		case http.StateClosed, http.StateHijacked:
			alive.Add(-1)
		}
	}
	server.Start()
	defer server.Close()
	dial := open(t, environment(providers.OrderNone), to(server))
	for range 5 {
		s, err := dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		deliver(t, s, messages(3)...)
		closeSession(t, s)
	}
	eventually(t, func() bool { return alive.Load() == 0 })
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	deadline, tick := time.After(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not come to pass within 10 s")
		}
	}
}
