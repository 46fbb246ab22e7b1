package exec

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/evhub/evhub/providers"
)

var errClosed = errors.New("the session is closed")

// session is one run of the program. One goroutine of its own writes events, as far as the window allows, and one reads
// answers.
type session struct {
	process *process
	answers *bufio.Reader
	window  chan struct{} // has an element for each event without an answer

	open    context.Context // ends with the session; its cause is why
	end     context.CancelCauseFunc
	running sync.WaitGroup

	wake chan struct{} // holds one element when there is a flight in queue

	mu      sync.Mutex // guards the fields below and the outcomes of flights
	queue   []*flight
	waiting map[uint64]slot
}

// slot is the place of a message in its flight.
type slot struct {
	flight *flight
	index  int
}

func newSession(p *process, window int) *session {
	s := &session{
		process: p, answers: bufio.NewReaderSize(p.stdout, maxReply),
		window: make(chan struct{}, window), wake: make(chan struct{}, 1), waiting: make(map[uint64]slot),
	}
	s.open, s.end = context.WithCancelCause(context.Background())
	return s
}

// ready waits until the program says that it is, and starts the session.
func (s *session) ready(ctx context.Context) error {
	defer context.AfterFunc(ctx, s.process.kill)()
	r, err := s.read()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the program does not say {\"ready\": true}: %w", ctx.Err())
	case err != nil:
		return err
	case r.Error != nil:
		return r.outcome(s.process.scrub)
	case !r.Ready || r.Seq != nil || r.OK != nil:
		return errors.New("the program must print {\"ready\": true} before anything else")
	}
	s.running.Go(s.feed)
	s.running.Go(s.listen)
	return nil
}

// fail ends the session, unless something has. The program is killed, so that it takes nothing more.
func (s *session) fail(err error) {
	s.end(err)
	s.process.kill()
}

// read returns the next line of the program.
func (s *session) read() (reply, error) {
	line, err := s.answers.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return reply{}, fmt.Errorf("the program printed a line of more than %d bytes, which is no answer", maxReply)
	case err != nil && len(line) > 0:
		return reply{}, fmt.Errorf("the program ended in the middle of the line %q", shorten(s.process.scrub.Replace(string(line)), quoted))
	case err != nil:
		return reply{}, s.gone()
	}
	return parseReply(line, s.process.scrub)
}

// gone says how the program ended, after the end of its input or output.
func (s *session) gone() error {
	select {
	case <-s.process.exited:
	default:
		// It may be about to end, or only have closed its output.
		ctx, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		if err := s.process.end(ctx); err != nil {
			return err
		}
	}
	return errors.New(s.process.status)
}

// listen settles what the program answers, until it ends.
func (s *session) listen() {
	for {
		r, err := s.read()
		if err == nil {
			err = r.contradicts()
		}
		if err == nil {
			err = s.answer(*r.Seq, r.outcome(s.process.scrub))
		}
		if err != nil {
			s.fail(err)
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, slot := range s.waiting {
		slot.flight.settle(slot.index, fmt.Errorf("the program did not answer: %w", context.Cause(s.open)))
	}
	clear(s.waiting)
}

// answer settles one message. An outcome that is neither delivered nor permanent ends the session.
func (s *session) answer(seq uint64, outcome error) error {
	failed := outcome != nil && !providers.IsPermanent(outcome)
	s.mu.Lock()
	slot, ok := s.waiting[seq]
	delete(s.waiting, seq)
	if ok && failed {
		s.end(fmt.Errorf("the program failed an event: %w", outcome)) // under mu: from here on nothing joins the waiting
	}
	unanswered := len(s.waiting)
	s.mu.Unlock()
	if !ok {
		return fmt.Errorf("the program answered for seq %d, which it has not got or has answered", seq)
	}
	if failed && unanswered > 0 {
		s.process.kill() // what it has not answered is not to overtake this one
	}
	s.mu.Lock()
	slot.flight.settle(slot.index, outcome)
	s.mu.Unlock()
	<-s.window
	return nil
}

// Send implements providers.Session.
func (s *session) Send(_ context.Context, ms []providers.Message) providers.Flight {
	f := newFlight(s, ms)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open.Err() != nil { // from then on nobody takes from queue
		return providers.Done(s.unsent())
	}
	s.queue = append(s.queue, f)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return f
}

func (s *session) unsent() error {
	return providers.Unsent(fmt.Errorf("the program did not get it: %w", context.Cause(s.open)))
}

// Close implements providers.Session.
func (s *session) Close(ctx context.Context) error {
	s.end(errClosed)
	err := s.process.end(ctx)
	s.process.stdout.Close()
	s.running.Wait()
	s.process.closePipes()
	return err
}
