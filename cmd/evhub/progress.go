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
	if o.json() || !o.console.err.terminal {
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
				o.console.err.setStatus(progressText(h.Stats()))
				timer.Reset(progressEvery)
			case <-p.quit:
				o.console.err.setStatus("")
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
		if troubled == "" && d.LastError != "" && d.BacklogEvents > 0 {
			troubled = "; waiting for " + visible(d.Name)
		}
	}
	return cut(fmt.Sprintf("%d accepted, %d delivered, %d waiting%s", s.Accepted, delivered, waiting, troubled))
}

// statusWidth is how long a status line may be: one that a terminal wraps cannot be taken away.
const statusWidth = 79

func cut(line string) string {
	if runes := []rune(line); len(runes) > statusWidth {
		return string(runes[:statusWidth-1]) + "…"
	}
	return line
}
