package providers

import "context"

// Dial opens a session. The engine calls it with backoff until it returns nil, and again after each session that
// failed. ctx bounds the dialling alone. A Dial may keep a client, a login or a producer id from one session to the
// next; it is never called again before the Close of the session it gave last has returned.
type Dial func(ctx context.Context) (Session, error)

// Session is one live connection of one destination.
//
// The rules, each a case of providertest:
//
//   - One goroutine calls Send and one other goroutine calls Wait, once for each flight, in the order of sending.
//   - Close may come at any time, also while Send or Wait runs.
//   - Send, Wait and Close return soon after their ctx ends.
//   - Close ends every Wait and every Send that is still running, and every later one returns at once with an error.
//   - Close may be called twice.
//   - A session leaves no goroutine and no connection behind once Close has returned.
//   - A session is fail-stop: after an outcome that is neither delivered nor permanent it takes nothing more, and
//     every later flight fails.
//   - A session that declares order Full delivers, after such an outcome, no later message of the same ordering key.
//   - A session that declares order Suffix does so too, unless the broker refused a single message.
//   - Messages of a flight, and flights, of one ordering key are delivered in the order of sending (order Full, Suffix).
//   - A permanent refusal concerns its own message alone: its neighbours are delivered.
//   - A message is reported delivered only when the broker has said that it has it (Caps.Acked), or when it was
//     written whole (not Acked).
//   - An error marked Unsent is returned only for a message that the broker surely has not.
//   - A session does not retry, except to settle an unknown outcome where the protocol removes the duplicate.
//   - Messages are neither changed nor kept after the Wait of their flight has returned.
type Session interface {
	// Send hands over messages in their order and returns the flight that carries them. It may block for room on
	// the connection, never for answers. It does not return nil: what cannot be sent fails in Wait.
	Send(ctx context.Context, ms []Message) Flight
	// Close releases everything the session holds and waits, until ctx ends, for what it started. What has no
	// outcome by then is unknown; a polite farewell is made only as far as ctx allows.
	Close(ctx context.Context) error
}

// Flight is what one Send put on its way.
type Flight interface {
	// Wait blocks until each message of the flight has an outcome. Nil: all are delivered. A *BatchError: one
	// outcome for each message. Any other error: it is the outcome of all. What has no outcome when ctx ends is
	// unknown, and the session has failed.
	Wait(ctx context.Context) error
}

// Done returns a flight that has ended: its Wait returns err at once.
func Done(err error) Flight { return done{err} }

type done struct{ err error }

func (d done) Wait(context.Context) error { return d.err }
