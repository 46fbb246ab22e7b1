package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// shortDrain is how long deliveries may still go on after a first signal, or when a destination has had no room for
// the whole --timeout already.
const shortDrain = 5 * time.Second

// signals turns SIGINT and SIGTERM into the end of contexts: the first asks to finish, the second to drop everything.
type signals struct {
	// asked ends with the first signal, late when shortDrain has passed since, forced with the second.
	asked, late, forced context.Context
	stop                func()
}

// The causes of the end of asked.
var (
	errInterrupted = errors.New("interrupted")
	errTerminated  = errors.New("terminated")
)

func notifySignals(ctx context.Context) *signals {
	forced, force := context.WithCancel(ctx)
	late, lapse := context.WithCancel(forced)
	asked, ask := context.WithCancelCause(late)
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case s := <-caught:
			ask(causeOf(s))
		case <-forced.Done():
			return
		}
		timer := time.NewTimer(shortDrain)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
				lapse()
			case <-caught:
				force()
				return
			case <-forced.Done():
				return
			}
		}
	}()
	return &signals{asked: asked, late: late, forced: forced, stop: func() {
		signal.Stop(caught)
		force()
		lapse()
		ask(nil)
		<-ended
	}}
}

func causeOf(s os.Signal) error {
	if s == syscall.SIGTERM {
		return errTerminated
	}
	return errInterrupted
}

// terminated reports whether the first signal was SIGTERM, as from a service manager that stops a service.
func (s *signals) terminated() bool { return errors.Is(context.Cause(s.asked), errTerminated) }
