package main

import (
	"errors"
	"fmt"
)

// Exit codes. Where several are true the highest counts.
const (
	exitDone        = 0   // every event is delivered
	exitFailure     = 1   // the command could not do its work
	exitUsage       = 2   // bad flags, or a bad acct file
	exitRefused     = 3   // some events were refused at the door
	exitDead        = 4   // some events became dead letters
	exitRemain      = 5   // some events are not delivered yet
	exitInterrupted = 130 // a signal ended the command
)

// exitError ends the command with a code. A nil err prints nothing more.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError marks what the user has to change before anything can be sent.
func usageError(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUsage, err}
}

func codeOf(err error) int {
	if err == nil {
		return exitDone
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return exitFailure
}

// quiet reports whether everything about err has been said already.
func quiet(err error) bool {
	var e *exitError
	return err == nil || errors.As(err, &e) && e.err == nil
}
