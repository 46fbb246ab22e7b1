package exec

import (
	"context"
	"fmt"

	"github.com/evhub/evhub/providers"
)

// flight holds its messages as lines: a write that outlives the Wait reads nothing of theirs.
type flight struct {
	session *session
	lines   [][]byte
	seqs    []uint64

	// Guarded by session.mu until done is closed.
	errs    []error
	settled []bool
	open    int
	done    chan struct{} // closed when each message has its outcome
}

func newFlight(s *session, ms []providers.Message) *flight {
	f := &flight{
		session: s, lines: make([][]byte, len(ms)), seqs: make([]uint64, len(ms)),
		errs: make([]error, len(ms)), settled: make([]bool, len(ms)), open: len(ms), done: make(chan struct{}),
	}
	for i := range ms {
		line, err := encode(&ms[i])
		f.lines[i], f.seqs[i] = line, ms[i].Seq
		if err != nil {
			f.settle(i, providers.Permanent(err))
		}
	}
	return f
}

// settle gives a message its outcome, unless it has one.
func (f *flight) settle(i int, err error) {
	if f.settled[i] {
		return
	}
	f.errs[i], f.settled[i] = err, true
	if f.open--; f.open == 0 {
		close(f.done)
	}
}

// Wait implements providers.Flight.
func (f *flight) Wait(ctx context.Context) error {
	select {
	case <-f.done:
		return providers.Batch(f.errs)
	case <-ctx.Done():
	}
	s := f.session
	s.fail(fmt.Errorf("no answer of the program in time: %w", ctx.Err()))
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range f.errs {
		f.settle(i, context.Cause(s.open)) // what the program has is unknown; it may be told in a moment, which is too late
	}
	return providers.Batch(f.errs)
}

// feed writes flights until the session ends, and leaves the rest unsent.
func (s *session) feed() {
	for s.open.Err() == nil {
		if f := s.next(); f != nil {
			s.write(f)
			continue
		}
		select {
		case <-s.wake:
		case <-s.open.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.queue {
		for i := range f.lines {
			f.settle(i, s.unsent())
		}
	}
	s.queue = nil
}

func (s *session) next() *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return nil
	}
	f := s.queue[0]
	s.queue = s.queue[1:]
	return f
}

// write writes the lines of a flight, each when the window has room.
func (s *session) write(f *flight) {
	for i, line := range f.lines {
		select {
		case s.window <- struct{}{}:
		case <-s.open.Done():
		}
		s.mu.Lock()
		if s.open.Err() != nil {
			f.settle(i, s.unsent())
			s.mu.Unlock()
			continue
		}
		if f.settled[i] {
			<-s.window
			s.mu.Unlock()
			continue
		}
		s.waiting[f.seqs[i]] = slot{f, i}
		s.mu.Unlock()
		if _, err := s.process.stdin.Write(line); err != nil && s.open.Err() == nil {
			s.fail(fmt.Errorf("the program reads no more: %w", s.gone()))
		}
	}
}
