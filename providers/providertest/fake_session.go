package providertest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/evhub/evhub/providers"
)

// fakeSession is one connection to a Fake.
type fakeSession struct {
	fake *Fake
	conn context.Context // ends when the connection is cut or closed
	end  context.CancelCauseFunc

	sending, waiting atomic.Int32 // calls that run now; more than one is misuse
	failed           atomic.Bool  // it takes nothing more
	closed           atomic.Bool

	// Fake.mu guards what follows.
	sent, waited int    // flights
	seq          uint64 // of the last message
	broken       bool   // order Full: a message has failed, nothing is stored behind it
	gone         bool   // Close returns
}

func newFakeSession(f *Fake) *fakeSession {
	s := &fakeSession{fake: f}
	s.conn, s.end = context.WithCancelCause(context.Background())
	return s
}

func (s *fakeSession) Send(ctx context.Context, ms []providers.Message) providers.Flight {
	busy := s.sending.Add(1)
	defer s.sending.Add(-1)
	fl := &fakeFlight{session: s, ms: ms}
	hook, blocked := s.enter(fl, busy)
	fl.err = s.usable(ctx)
	if fl.err == nil && blocked != nil {
		fl.err = s.room(ctx, blocked)
	}
	if fl.err == nil && hook != nil {
		fl.err = s.run(ctx, func(ctx context.Context) error { return hook(ctx, ms) })
	}
	if fl.err != nil {
		s.failed.Store(true)
		return fl
	}
	fl.answers = s.take(ms)
	return fl
}

type sendHook = func(context.Context, []providers.Message) error

// enter counts the flight and notes misuse.
func (s *fakeSession) enter(fl *fakeFlight, busy int32) (hook sendHook, blocked <-chan struct{}) {
	f := s.fake
	f.mu.Lock()
	defer f.mu.Unlock()
	s.sent++
	fl.number = s.sent
	f.stats.Sends++
	f.stats.Messages += len(fl.ms)
	if busy > 1 {
		f.misuse("%d calls of Send at once", busy)
	}
	if air := s.sent - s.waited; f.caps.Window > 0 && air > f.caps.Window {
		f.misuse("%d flights in the air, the window is %d", air, f.caps.Window)
	}
	s.checkFlight(fl.ms)
	return f.script.OnSend, f.blocked
}

func (s *fakeSession) checkFlight(ms []providers.Message) {
	f := s.fake
	if most := f.caps.BatchMessages; most > 0 && len(ms) > most {
		f.misuse("a flight of %d messages, the most is %d", len(ms), most)
	}
	if len(ms) == 0 {
		f.misuse("a flight of no message")
	}
	size := 0
	for i := range ms {
		if ms[i].Seq <= s.seq {
			f.misuse("message %s with Seq %d after Seq %d", ms[i].ID, ms[i].Seq, s.seq)
		}
		s.seq = ms[i].Seq
		size += len(ms[i].Body)
	}
	if most := f.caps.BatchBytes; most > 0 && size > most && len(ms) > 1 {
		f.misuse("a flight of %d bytes, the most is %d", size, most)
	}
}

// usable returns why the session takes no flight, or nil.
func (s *fakeSession) usable(ctx context.Context) error {
	switch {
	case s.conn.Err() != nil:
		return providers.Unsent(context.Cause(s.conn))
	case s.failed.Load():
		return providers.Unsent(errStopped)
	case ctx.Err() != nil:
		return providers.Unsent(fmt.Errorf("send: %w", ctx.Err()))
	}
	return nil
}

// room waits until the broker takes messages again.
func (s *fakeSession) room(ctx context.Context, blocked <-chan struct{}) error {
	select {
	case <-blocked:
		return nil
	case <-s.conn.Done():
	case <-ctx.Done():
	}
	return s.usable(ctx)
}

// run calls a hook of the script with a ctx that also ends with the connection.
func (s *fakeSession) run(ctx context.Context, hook func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.conn, cancel)()
	return hook(ctx)
}

// take lets the messages arrive. It returns nil if all are stored and confirmed at once.
func (s *fakeSession) take(ms []providers.Message) []answer {
	if s.takeAll(ms) {
		return nil
	}
	answers := make([]answer, len(ms))
	order := slices.All(ms)
	if s.fake.caps.Order == providers.None {
		order = slices.Backward(ms)
	}
	for i := range order {
		answers[i] = s.arrive(&ms[i])
	}
	return answers
}

// takeAll is take where nothing is scripted.
func (s *fakeSession) takeAll(ms []providers.Message) bool {
	f := s.fake
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.once) > 0 || f.script.OnMessage != nil || f.stalled != nil || s.broken || s.conn.Err() != nil {
		return false
	}
	for i := range ms {
		if f.caps.Order == providers.None {
			i = len(ms) - 1 - i
		}
		f.store(&ms[i])
	}
	return true
}

// arrive judges one message and stores it or not.
func (s *fakeSession) arrive(m *providers.Message) answer {
	o := s.fake.outcome(m)
	f := s.fake
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case s.conn.Err() != nil:
		return answer{err: errLost}
	case s.broken:
		return answer{err: providers.Unsent(errStopped)}
	case o.Stored, o.Err == nil && !o.Cut:
		f.store(m)
	}
	if o.Cut {
		s.end(errLost)
		if o.Err = errLost; o.Stored && !f.caps.Acked {
			o.Err = nil // it was written
		}
	}
	if o.Err != nil && !providers.IsPermanent(o.Err) && f.caps.Order == providers.Full {
		s.broken = true
	}
	if o.Until == nil {
		o.Until = f.stalled
	}
	return answer{err: o.Err, until: o.Until}
}

// outcome asks Once, then the script.
func (f *Fake) outcome(m *providers.Message) Outcome {
	f.mu.Lock()
	if left := f.once[m.ID]; len(left) > 0 {
		f.once[m.ID] = left[1:]
		if len(left) == 1 {
			delete(f.once, m.ID)
		}
		f.mu.Unlock()
		return left[0]
	}
	hook := f.script.OnMessage
	f.mu.Unlock()
	if hook == nil {
		return Outcome{}
	}
	return hook(*m)
}

func (s *fakeSession) Close(ctx context.Context) error {
	if s.closed.Swap(true) {
		return nil
	}
	s.end(errClosed)
	f := s.fake
	f.mu.Lock()
	f.stats.Closes++
	hook := f.script.OnClose
	f.mu.Unlock()
	defer f.remove(s)
	if hook != nil {
		return hook(ctx)
	}
	return nil
}
