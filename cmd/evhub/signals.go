package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// signals turns SIGINT and SIGTERM into the end of contexts: the first asks to finish, the second to drop everything.
type signals struct {
	// asked ends with the first signal, forced with the second.
	asked, forced context.Context
	stop          func()
}

func notifySignals(ctx context.Context) *signals {
	forced, force := context.WithCancel(ctx)
	asked, ask := context.WithCancel(forced)
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, react := range []func(){ask, force} {
			select {
			case <-caught:
				react()
			case <-forced.Done():
				return
			}
		}
	}()
	return &signals{asked: asked, forced: forced, stop: func() {
		signal.Stop(caught)
		force()
		ask()
		<-ended
	}}
}
