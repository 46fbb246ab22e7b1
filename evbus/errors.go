package evbus

import (
	"context"
	"errors"
	"fmt"
)

// Errors that callers branch on, with errors.Is.
var (
	// ErrClosed: the hub takes no more events.
	ErrClosed = errors.New("evhub: closed")
	// ErrQueueFull: a destination's backlog has no room. It comes inside a *FullError.
	ErrQueueFull = errors.New("evhub: backlog is full")
	// ErrUncertain: the wait for the disk ended early; the event may or may not have been accepted.
	ErrUncertain = errors.New("evhub: it is uncertain whether the event was accepted")
	// ErrTooLarge: the event is larger than the hub's limit.
	ErrTooLarge = errors.New("evhub: event is too large")
	// ErrEncode: the event has no encoding; the message names the field.
	ErrEncode = errors.New("evhub: event cannot be encoded")
	// ErrNoRoute: no destination wants the event, by its pattern or its filter. Only a strict hub returns it.
	ErrNoRoute = errors.New("evhub: no destination matches")
)

// FullError names what had no room. It is an ErrQueueFull.
type FullError struct {
	// Destination is the name of the destination that is full; empty if it is the journal.
	Destination string
	// Err says why the journal takes no events at present; nil if it is a destination.
	Err error
}

func (e *FullError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%v: the journal takes no more events: %v", ErrQueueFull, e.Err)
	}
	return fmt.Sprintf("%v: destination %s (raise its delivery.backlog, or choose on_full: drop_oldest or drop_newest)",
		ErrQueueFull, e.Destination)
}

// Is reports whether target is ErrQueueFull.
func (e *FullError) Is(target error) bool { return target == ErrQueueFull }

func (e *FullError) Unwrap() error { return e.Err }

// Ended returns the error of a ctx that has ended, with its cause where that says more.
func Ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
