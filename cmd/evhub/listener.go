package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evhub/evhub/hub"
)

// listenBuffer is how many events may wait to be printed.
const listenBuffer = 1 << 16

// listener prints the events of a subscription until it ends.
type listener struct {
	o      *options
	plan   *hub.Plan
	events *hub.Subscription
	ended  chan struct{}
}

func startListener(o *options, plan *hub.Plan, events *hub.Subscription) *listener {
	l := &listener{o: o, plan: plan, events: events, ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		for e, err := range events.Events(context.Background()) {
			l.show(e, err)
		}
	}()
	return l
}

// finish waits until all is printed that passed a hub which is closed by now.
func (l *listener) finish() {
	<-l.ended
	l.events.Close()
}

// heardLine is the JSON form of an event that passed.
type heardLine struct {
	Profile      string    `json:"profile"`
	Body         any       `json:"body"`
	Tags         any       `json:"tags"`
	RunName      string    `json:"run_name"`
	Key          string    `json:"key,omitempty"`
	ID           string    `json:"id"`
	Time         time.Time `json:"time"`
	Position     string    `json:"position,omitempty"` // of an event that goes somewhere
	Destinations []string  `json:"destinations"`
}

func (l *listener) show(e hub.Event, err error) {
	var gap *hub.GapError
	switch {
	case errors.As(err, &gap) && l.o.json():
		_ = l.o.console.printJSON(map[string]int{"gap": gap.Missed}) // whoever closed the output does not want it
	case errors.As(err, &gap):
		fmt.Fprintln(l.o.console.out, l.o.console.out.style.warning(fmt.Sprintf("... %s not printed: they came too fast", count(gap.Missed, "event"))))
	case err != nil: // the context never ends
	case l.o.json():
		_ = l.o.console.printJSON(heardLine{
			Profile: e.Profile, Body: e.Body, Tags: e.Tags, RunName: e.RunName, Key: e.Key, ID: e.ID,
			Time: e.Time, Position: e.Position, Destinations: l.destinations(e),
		})
	default:
		fmt.Fprint(l.o.console.out, l.text(e))
	}
}

func (l *listener) destinations(e hub.Event) []string {
	names := []string{}
	to, _ := l.plan.RouteEvent(e) // it passed the hub, so nothing is wrong with it
	for _, i := range to {
		names = append(names, l.plan.Destinations[i].Name)
	}
	return names
}

func (l *listener) text(e hub.Event) string {
	s := l.o.console.out.style
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", eventHeading(s, e, clockTime))
	fmt.Fprintf(&b, "  tags %s\n  body %s\n", jsonText(e.Tags), jsonText(e.Body))
	names := l.destinations(e)
	if len(names) == 0 {
		fmt.Fprintf(&b, "  to   %s\n", s.warning("no destination"))
	}
	for _, name := range names {
		fmt.Fprintf(&b, "  to   %s\n", s.success(visible(name)))
	}
	return b.String()
}

const (
	// clockTime is the layout of times that are not long ago.
	clockTime = "15:04:05.000"
	// journalTime is that of events that may have been in a journal for days.
	journalTime = time.DateOnly + " " + clockTime
)

// eventHeading says when an event was, and what it is called.
func eventHeading(s style, e hub.Event, layout string) string {
	return fmt.Sprintf("%s %s %s", s.faint(e.Time.Local().Format(layout)), s.heading(visible(e.Profile)),
		s.faint("run "+visible(e.RunName)+keyText(e.Key)+" id "+visible(e.ID)))
}

func keyText(key string) string {
	if key == "" {
		return ""
	}
	return " key " + visible(key)
}

// jsonText returns a part of an event from a subscription or a journal, which is JSON text, or bytes that are none: these
// have no quotes, as a text in base64 has.
func jsonText(v any) string {
	switch v := v.(type) {
	case json.RawMessage:
		return visible(string(v))
	case []byte:
		return "base64 " + base64.StdEncoding.EncodeToString(v)
	}
	text, _ := json.Marshal(v) // nothing else is in such an event
	return visible(string(text))
}
