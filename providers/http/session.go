package http

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"

	"github.com/evhub/evhub/providers"
)

// session posts the messages of its flights, one flight after the other and one message after the other, unless the
// user gave up order: then as many at once as there are slots.
type session struct {
	client    *client
	conns     *connections
	transport *http.Transport
	slots     chan struct{} // holds one element for each request in flight

	running context.Context // requests live in it
	abort   context.CancelCauseFunc
	open    context.Context // ends with running or with the first failure; then no request starts
	stop    context.CancelCauseFunc

	flights sync.WaitGroup // rises only under mu while running

	mu   sync.Mutex // guards the fields below
	last *flight
}

func newSession(c *client, tlsConfig *tls.Config) *session {
	s := &session{
		client: c,
		conns:  &connections{socket: c.endpoint.socket, open: make(map[*connection]struct{})},
		slots:  make(chan struct{}, c.lanes),
		last:   &flight{done: make(chan struct{})},
	}
	close(s.last.done)
	s.running, s.abort = context.WithCancelCause(context.Background())
	s.open, s.stop = context.WithCancelCause(s.running)
	s.transport = c.transport(s.running, s.conns, tlsConfig)
	return s
}

// Send implements providers.Session. It never blocks.
func (s *session) Send(_ context.Context, ms []providers.Message) providers.Flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open.Err() != nil {
		return providers.Done(s.unsent())
	}
	f := &flight{session: s, messages: ms, outcomes: make([]error, len(ms)), done: make(chan struct{})}
	before := s.last
	s.last = f
	s.flights.Go(func() { f.run(before) })
	return f
}

// deliver makes one request as soon as a slot is free.
func (s *session) deliver(p parcel) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-s.open.Done():
	}
	if s.open.Err() != nil {
		return s.unsent()
	}
	err := s.post(p)
	if err != nil && !providers.IsPermanent(err) {
		s.stop(err)
	}
	return err
}

// unsent is the outcome of a message whose turn did not come.
func (s *session) unsent() error {
	return providers.Unsent(fmt.Errorf("not sent, because the session had ended: %w", context.Cause(s.open)))
}

// Close implements providers.Session.
func (s *session) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.shut()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return s.client.failed(fmt.Errorf("closing: %w", ctx.Err()))
	}
}

// shut ends everything and waits for it.
func (s *session) shut() {
	s.mu.Lock() // so that no flight starts after the wait has begun
	s.abort(errClosed)
	s.mu.Unlock()
	s.flights.Wait()
	s.transport.CloseIdleConnections()
	s.conns.close()
}
