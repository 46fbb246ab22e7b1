package kafka

import (
	"context"
	"fmt"

	"github.com/evhub/evhub/providers"
)

// flight implements providers.Flight.
type flight struct {
	session *session
	ms      []providers.Message
	done    chan struct{} // closed when left is 0

	// Guarded by the session's mu until done is closed.
	left int
	errs []error // nil while there are none
}

func newFlight(s *session, ms []providers.Message) *flight {
	return &flight{session: s, ms: ms, left: len(ms), done: make(chan struct{})}
}

// Wait implements providers.Flight.
func (f *flight) Wait(ctx context.Context) error {
	select {
	case <-f.done:
	default:
		select {
		case <-f.done:
		case <-ctx.Done():
			f.session.abort(fmt.Errorf("no answer: %w", ctx.Err()))
			<-f.done
		}
	}
	return f.outcome()
}

func (f *flight) outcome() error {
	if f.errs == nil {
		return nil
	}
	return providers.Batch(f.errs)
}

// settle gives the messages with these numbers their outcome. The caller holds mu.
func (f *flight) settle(index []int32, err error) {
	if err != nil {
		if f.errs == nil {
			f.errs = make([]error, len(f.ms))
		}
		for _, i := range index {
			f.errs[i] = err
		}
	}
	f.left -= len(index)
	if f.left == 0 {
		close(f.done)
	}
}
