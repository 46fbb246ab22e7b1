package main

import (
	"time"

	"github.com/evhub/evhub/hub"
)

// eventLine is an event in the form that evhub put takes; its JSON keys are stable.
type eventLine struct {
	Profile string `json:"profile"`
	// Body is there, or BodyBase64 if the body is bytes.
	Body        any       `json:"body,omitempty"`
	BodyBase64  any       `json:"body_base64,omitempty"`
	Tags        any       `json:"tags,omitempty"`
	RunName     string    `json:"run_name,omitempty"`
	Key         string    `json:"key,omitempty"`
	ID          string    `json:"id"`
	Time        time.Time `json:"time"`
	TraceParent string    `json:"traceparent,omitempty"`
}

func newEventLine(e hub.Event) eventLine {
	l := eventLine{
		Profile: e.Profile, Body: e.Body, Tags: e.Tags, RunName: e.RunName, Key: e.Key, ID: e.ID, Time: e.Time, TraceParent: e.TraceParent,
	}
	if opaque, ok := e.Body.([]byte); ok {
		l.Body, l.BodyBase64 = nil, opaque
	}
	return l
}
