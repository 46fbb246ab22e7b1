// Package lane gives a session to destinations that are written to by calls that block, such as files and terminals:
// one goroutine of the session makes the calls, in the order of sending.
package lane

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evhub/evhub/providers"
)

// Sink is where a lane writes. Encode is called by the sender, everything else by the session's own goroutine.
type Sink interface {
	// Encode appends the bytes that stand for m. An error refuses this message alone, permanently.
	Encode(dst []byte, m *providers.Message) ([]byte, error)
	// Write writes the encoded messages of one flight. written is the number of bytes that arrived and will stay. err
	// is the outcome of the first message that is not wholly among them; those behind it are unsent.
	Write(data []byte) (written int, err error)
	// Sync follows the writes of the flights that were waiting. If it fails, their outcome is unknown.
	Sync() error
	// Tick is called each time the lane's period has passed. An error ends the session.
	Tick() error
	// Close releases the sink. Nothing is called after it.
	Close() error
}

// queued is how many flights wait for the goroutine at most. What waits together is synced together.
const queued = 4

var errClosed = errors.New("the session is closed")

// session implements providers.Session.
type session struct {
	sink  Sink
	queue chan *flight
	free  chan []byte // the data of flights, to be used again

	open context.Context // ends with the first failure or with Close; then no write starts
	stop context.CancelCauseFunc

	gone   context.Context // ends when no flight gets an outcome any more; its cause is the outcome of the rest
	giveUp context.CancelCauseFunc

	ended    chan struct{} // closed when the goroutine has ended
	closeErr error         // of the sink; set before ended
}

// New starts a session that writes to sink. period is the time between calls of Tick; 0 means none.
func New(sink Sink, period time.Duration) providers.Session {
	s := &session{sink: sink, queue: make(chan *flight, queued), free: make(chan []byte, queued), ended: make(chan struct{})}
	s.open, s.stop = context.WithCancelCause(context.Background())
	s.gone, s.giveUp = context.WithCancelCause(context.Background())
	go s.run(period)
	return s
}

// Send implements providers.Session.
func (s *session) Send(ctx context.Context, ms []providers.Message) providers.Flight {
	if s.open.Err() != nil {
		return providers.Done(s.unsent())
	}
	f := s.encode(ms)
	select {
	case s.queue <- f:
		return f
	case <-ctx.Done():
		s.stop(fmt.Errorf("waiting for room: %w", ctx.Err()))
	case <-s.open.Done():
	}
	return providers.Done(s.unsent())
}

// unsent is the outcome of what was not written because the session had ended.
func (s *session) unsent() error {
	return providers.Unsent(fmt.Errorf("not written, because the session had ended: %w", context.Cause(s.open)))
}

func (s *session) run(period time.Duration) {
	var tick <-chan time.Time
	if period > 0 {
		ticker := time.NewTicker(period)
		defer ticker.Stop()
		tick = ticker.C
	}
	for s.open.Err() == nil {
		select {
		case f := <-s.queue:
			s.write(s.waiting(f))
		case <-tick:
			if err := s.sink.Tick(); err != nil {
				s.stop(err)
			}
		case <-s.open.Done():
		}
	}
	s.closeErr = s.sink.Close()
	s.giveUp(s.unsent())
	close(s.ended)
}

// waiting returns first and the flights that wait behind it.
func (s *session) waiting(first *flight) []*flight {
	flights := []*flight{first}
	for {
		select {
		case f := <-s.queue:
			flights = append(flights, f)
		default:
			return flights
		}
	}
}

// write gives each flight its outcome.
func (s *session) write(flights []*flight) {
	for _, f := range flights {
		if s.open.Err() != nil {
			f.fail(s.unsent())
			continue
		}
		if len(f.data) == 0 {
			continue
		}
		if n, err := s.sink.Write(f.data); err != nil {
			s.stop(err)
			f.cut(n, err, s.unsent())
		}
	}
	if err := s.sink.Sync(); err != nil {
		for _, f := range flights {
			f.fail(err)
		}
		s.stop(err)
	}
	for _, f := range flights {
		close(f.done)
	}
}

// Close implements providers.Session.
func (s *session) Close(ctx context.Context) error {
	s.stop(errClosed)
	select {
	case <-s.ended:
		return s.closeErr
	case <-ctx.Done():
		err := fmt.Errorf("a write hangs: %w", ctx.Err())
		s.giveUp(err)
		return err
	}
}
