package main

import (
	"fmt"
	"time"

	"github.com/evhub/evhub/hub"
)

// drainProgress says how a drain gets on: on a terminal by a line that moves, else by a line now and then.
type drainProgress struct {
	o     *options
	hub   *hub.Hub
	all   int64 // how many events waited at the beginning
	begun time.Time
}

func newDrainProgress(o *options, h *hub.Hub) *drainProgress {
	p := &drainProgress{o: o, hub: h, begun: time.Now()}
	l := p.look()
	p.all = l.Delivered + int64(l.Waiting)
	return p
}

// start begins to say it; what it returns ends that.
func (p *drainProgress) start(every time.Duration) (stop func()) {
	if p.o.console.err.terminal && !p.o.json() {
		return startStatus(p.o, p.text).stop
	}
	return startReporter(every, every, p.print).stop
}

// drainProgressLine is the JSON form of how a drain gets on; its keys are stable.
type drainProgressLine struct {
	Delivered int64   `json:"delivered"`
	Waiting   int     `json:"waiting"`
	PerSecond float64 `json:"per_second"`
	LastError string  `json:"last_error,omitempty"`
}

func (p *drainProgress) print() {
	if p.o.json() {
		_ = p.o.console.printJSON(map[string]any{"progress": p.look()}) // whoever closed the output does not want it
		return
	}
	fmt.Fprintln(p.o.console.err, p.text())
}

func (p *drainProgress) look() drainProgressLine {
	var l drainProgressLine
	ours, _ := served(p.hub.Stats().Destinations)
	for _, d := range ours {
		l.Delivered += d.Delivered
		l.Waiting += d.BacklogEvents
		if l.LastError == "" && inTrouble(d) {
			l.LastError = d.Name + ": " + d.LastError
		}
	}
	l.PerSecond = float64(l.Delivered) / time.Since(p.begun).Seconds()
	return l
}

func (p *drainProgress) text() string {
	l := p.look()
	text := fmt.Sprintf("%d of %d delivered, %d waiting", l.Delivered, p.all, l.Waiting)
	if l.PerSecond >= 1 && l.Waiting > 0 {
		left := time.Duration(float64(l.Waiting) / l.PerSecond * float64(time.Second))
		text += fmt.Sprintf(", %.0f/s, %s left", l.PerSecond, spanText(left.Truncate(time.Second)+time.Second))
	}
	if l.LastError != "" {
		text += "; " + visible(l.LastError)
	}
	return text
}
