package main

import (
	"fmt"
	"time"

	"github.com/evhub/evhub/hub"
)

// reporter says again and again how a long call gets on.
type reporter struct {
	quit, ended chan struct{}
}

// startReporter calls show for the first time after a while, and then at intervals, until stop.
func startReporter(first, every time.Duration, show func()) *reporter {
	r := &reporter{quit: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		timer := time.NewTimer(first)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
				show()
				timer.Reset(every)
			case <-r.quit:
				return
			}
		}
	}()
	return r
}

func (r *reporter) stop() {
	if r == nil {
		return
	}
	close(r.quit)
	<-r.ended
}

const (
	statusAfter = time.Second
	statusEvery = 200 * time.Millisecond
)

// startStatus shows on a terminal a line that moves. It shows nothing where standard error is no terminal, nor with
// --output json.
func startStatus(o *options, text func() string) *status {
	if o.json() || !o.console.err.terminal {
		return &status{}
	}
	return &status{o.console.err, startReporter(statusAfter, statusEvery, func() { o.console.err.setStatus(cut(text())) })}
}

// status is a line that moves; its zero value shows nothing.
type status struct {
	on       *stream
	reporter *reporter
}

func (s *status) stop() {
	if s.on != nil {
		s.reporter.stop()
		s.on.setStatus("")
	}
}

func progressText(s hub.Stats) string {
	var delivered int64
	waiting, troubled := 0, ""
	ours, _ := served(s.Destinations)
	for _, d := range ours {
		delivered += d.Delivered
		waiting += d.BacklogEvents
		if troubled == "" && inTrouble(d) {
			troubled = "; waiting for " + visible(d.Name)
		}
	}
	if s.Journal != nil && s.Journal.Failure != "" {
		troubled = "; the journal takes nothing: " + visible(s.Journal.Failure)
	}
	return fmt.Sprintf("%d accepted, %d delivered, %d waiting%s", s.Accepted, delivered, waiting, troubled)
}

// inTrouble reports whether a destination takes nothing at present.
func inTrouble(d hub.DestinationStats) bool {
	return d.BacklogEvents > 0 && d.LastError != "" && d.Phase != "connected"
}

// statusWidth is how long a status line may be: one that a terminal wraps cannot be taken away.
const statusWidth = 79

func cut(line string) string { return shorten(line, statusWidth) }
