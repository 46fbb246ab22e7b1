package providertest

import (
	"context"
	"errors"

	"github.com/evhub/evhub/providers"
)

// Script says how a [Fake] behaves. Every field may be nil. The hooks run on the caller's goroutine; those that are
// given a ctx may block until it ends, which it also does when the session is closed ([Hang] does just that).
type Script struct {
	// OnDial is called with the number of the dial, from 1. An error is that of Dial.
	OnDial func(ctx context.Context, n int) error
	// OnSend is called before the messages of a flight are taken. An error is the outcome of all of them, none is
	// stored, and the session has failed.
	OnSend func(ctx context.Context, ms []providers.Message) error
	// OnMessage says what becomes of a message that arrives, unless Once has a word about it. It must not block;
	// it may call the Fake.
	OnMessage func(m providers.Message) Outcome
	// OnWait is called when the flight's Wait begins. An error is the outcome of all its messages, though they are
	// stored, and the session has failed.
	OnWait func(ctx context.Context, ms []providers.Message) error
	// OnClose is called once for each session, by its first Close, when everything else of it has ended. Its ctx is
	// that of Close.
	OnClose func(ctx context.Context) error
}

// Outcome is what becomes of one copy of a message that arrives at a [Fake]. The zero Outcome stores and confirms it.
type Outcome struct {
	// Err is what the session reports for the message, with whatever marks it carries. Nil: it is stored and
	// confirmed.
	Err error
	// Stored stores the message though Err is not nil.
	Stored bool
	// Cut cuts the connection instead of an answer: the outcome of the message, and of all that are not answered
	// yet, is unknown. Whether it is stored, Stored alone says.
	Cut bool
	// Until holds the answer back until it is closed. Nil: answer at once. Answers of later messages do not wait.
	Until <-chan struct{}
}

var (
	errRefused = errors.New("the fake broker refuses the message")
	errFailed  = errors.New("the fake broker fails the message")
	errLost    = errors.New("the connection to the fake broker is lost")
	errClosed  = errors.New("the session with the fake broker is closed")
	errStopped = errors.New("the session with the fake broker has failed before")
)

// Refuse returns the outcome of a message that is refused for good.
func Refuse() Outcome { return Outcome{Err: providers.Permanent(errRefused)} }

// Fail returns the outcome of a message that is refused for now.
func Fail() Outcome { return Outcome{Err: errFailed} }

// LoseAnswer returns the outcome of a message that is stored, whereupon the connection is cut without an answer.
func LoseAnswer() Outcome { return Outcome{Stored: true, Cut: true} }

// LoseMessage returns the outcome of a message on which the connection is cut before it is stored.
func LoseMessage() Outcome { return Outcome{Cut: true} }

// Hold returns the outcome of a message that is stored and confirmed when gate is closed.
func Hold(gate <-chan struct{}) Outcome { return Outcome{Until: gate} }

// Hang blocks until ctx ends and returns its error.
func Hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// Script replaces the script. What has arrived before is not judged again.
func (f *Fake) Script(s Script) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = s
}

// Once sets the outcome of the next copies of the message with that ID, one for each. It goes before the script.
func (f *Fake) Once(id string, os ...Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.once[id] = append(f.once[id], os...)
}

// Stall makes the broker store what arrives and answer nothing until release is called. release may be called
// several times.
func (f *Fake) Stall() (release func()) { return f.gate(&f.stalled) }

// Block makes the broker take nothing, so that every Send blocks, until release is called. release may be called
// several times.
func (f *Fake) Block() (release func()) { return f.gate(&f.blocked) }

// gate sets *at to a channel that release closes.
func (f *Fake) gate(at *chan struct{}) (release func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *at == nil {
		*at = make(chan struct{})
	}
	gate := *at
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if *at == gate {
			*at = nil
			close(gate)
		}
	}
}

// Cut cuts all connections. New ones can be dialled.
func (f *Fake) Cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sessions {
		s.end(errLost)
	}
}

// Target returns the Fake as a target of [Run], with every fault that it knows.
func (f *Fake) Target() Target {
	return Target{
		Dial: f.Dial,
		Caps: f.caps,
		Far: FarEnd{
			Received:    f.bodies,
			Refuse:      func(id string) { f.Once(id, Refuse()) },
			Fail:        func(id string) { f.Once(id, Fail()) },
			LoseAnswer:  func(id string) { f.Once(id, LoseAnswer()) },
			LoseMessage: func(id string) { f.Once(id, LoseMessage()) },
			Stall:       f.Stall,
			Block:       f.Block,
			Cut:         f.Cut,
			Connections: f.Connections,
		},
	}
}
