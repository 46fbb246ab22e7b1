package idem

import "github.com/evhub/evhub/hub"

// Log is one record of a log.
type Log struct {
	// Level is a name such as WARNING, Module what logged.
	Level, Module string
	// Timestamp is Python's asctime, such as "2026-01-31 23:59:59,424"; in what Idem 25 sends it is the time of day alone,
	// "23:59:59".
	Timestamp string
	// Message is what was logged; in what Idem 25 sends it is the whole line, time, module and level included.
	Message string
	// Ref is the function that fires the event.
	Ref string
}

type logTags struct {
	Module    string `json:"module"`
	Level     string `json:"level"`
	Timestamp string `json:"timestamp"`
	Ref       string `json:"ref"`
}

type sentLog struct {
	Message   string `json:"message"`
	Module    string `json:"module"`
	Level     string `json:"level"`
	Timestamp string `json:"timestamp"`
}

// Logger is an idem-logger event: a log record, whose text is the message and whose level, module, timestamp and ref are
// tags.
//
// With AsSent the profile is "logger", the body is {"message", "module", "level", "timestamp"}, and there are no tags.
// Idem sends that body without an envelope, so its destination needs the format raw.
func Logger(l Log, opts ...Option) hub.Event {
	if chosen(opts).asSent {
		return hub.Event{Profile: "logger", Body: sentLog{l.Message, l.Module, l.Level, l.Timestamp}}
	}
	return hub.Event{Profile: ProfileLogger, Body: l.Message, Tags: logTags{l.Module, l.Level, l.Timestamp, l.Ref}}
}
