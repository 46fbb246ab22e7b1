package main

import (
	"fmt"
	"time"

	"github.com/evhub/evhub/hub"
)

// progress shows on a terminal how a long call gets on.
type progress struct {
	quit, ended chan struct{}
}

const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

// startProgress shows nothing where standard error is no terminal, nor with --output json.
func startProgress(o *options, h *hub.Hub) *progress {
	p := &progress{quit: make(chan struct{}), ended: make(chan struct{})}
	if o.json() || !isTerminal(o.console.err) {
		close(p.ended)
		return p
	}
	go func() {
		defer close(p.ended)
		timer := time.NewTimer(progressAfter)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
				fmt.Fprintf(o.console.err, "\r\x1b[K%s", progressText(h.Stats()))
				timer.Reset(progressEvery)
			case <-p.quit:
				fmt.Fprint(o.console.err, "\r\x1b[K")
				return
			}
		}
	}()
	return p
}

func (p *progress) stop() {
	close(p.quit)
	<-p.ended
}

func progressText(s hub.Stats) string {
	var delivered int64
	waiting, troubled := 0, ""
	for _, d := range s.Destinations {
		delivered += d.Delivered
		waiting += d.BacklogEvents
		if d.LastError != "" && d.BacklogEvents > 0 {
			troubled = "; " + d.Name + " is in trouble"
		}
	}
	return fmt.Sprintf("%d accepted, %d delivered, %d waiting%s", s.Accepted, delivered, waiting, troubled)
}
