package http

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/evhub/evhub/providers"
)

// flight is the messages of one Send.
type flight struct {
	session  *session
	messages []providers.Message
	next     atomic.Int64 // index of the message to post next
	outcomes []error      // each written by the lane that posted the message
	done     chan struct{}
}

// run posts all messages and returns when each has an outcome.
func (f *flight) run(before *flight) {
	defer close(f.done)
	if f.session.client.ordered {
		<-before.done
	}
	if f.session.client.batch != noBatch {
		for _, batch := range f.session.client.borders.split(f.parts()) {
			f.together(batch)
		}
		return
	}
	var lanes sync.WaitGroup
	for range min(f.session.client.lanes, len(f.messages)) {
		lanes.Go(f.lane)
	}
	lanes.Wait()
}

// lane posts message after message until none is left.
func (f *flight) lane() {
	for {
		i := int(f.next.Add(1)) - 1
		if i >= len(f.messages) {
			return
		}
		f.outcomes[i] = f.alone(&f.messages[i])
	}
}

// alone posts one message in a request of its own.
func (f *flight) alone(m *providers.Message) error {
	c := f.session.client
	content, contentType, err := c.content(m)
	if err != nil {
		return err
	}
	header := messageHeaders(m, contentType, c.headers)
	return f.session.deliver(parcel{header, content})
}

// Wait implements providers.Flight. When ctx ends, it cuts the session's requests off and waits for their end, so
// that nothing reads the messages any more.
func (f *flight) Wait(ctx context.Context) error {
	select {
	case <-f.done:
	case <-ctx.Done():
		f.session.abort(waitEnded(ctx.Err()))
		<-f.done
	}
	return providers.Batch(f.outcomes)
}

func waitEnded(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return errTimeout
	}
	return fmt.Errorf("the wait for answers ended: %w", err)
}
