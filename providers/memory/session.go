package memory

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/evhub/evhub/providers"
)

var errClosed = errors.New("the session is closed")

// session implements providers.Session. It can only fail by being closed.
type session struct {
	memory *Memory
	config Config
	closed atomic.Bool
}

// Send implements providers.Session.
func (s *session) Send(_ context.Context, ms []providers.Message) providers.Flight {
	if s.closed.Load() {
		return providers.Done(providers.Unsent(errClosed))
	}
	s.memory.store(s.config, ms)
	return providers.Done(nil)
}

// Close implements providers.Session.
func (s *session) Close(context.Context) error {
	s.closed.Store(true)
	return nil
}
