package ingest

import (
	"log/slog"
	"sync"
	"time"
)

// Counts say what there was besides events.
type Counts struct {
	// Other are lines that are no events and were not meant to be: text, and JSON of others.
	Other int
	// Broken are lines or files that look like an event and are none: cut off, garbled or too long.
	Broken int
}

// A flood of odd lines must not become a flood of log records: the first few are told, then one now and then.
const (
	firstTold = 5
	tellEvery = 10 * time.Second
	// quoted is how much of a line is quoted, in bytes.
	quoted = 80
)

// oddities counts lines that are no events and tells of them, of some.
type oddities struct {
	log *slog.Logger

	mu     sync.Mutex
	counts Counts
	told   int
	last   time.Time
	untold int
}

// other notes a line that is no event and was not meant to be one.
func (o *oddities) other(where slog.Attr, text []byte, why error) {
	o.tell(&o.counts.Other, "runner: a line that is no event was skipped", where, text, why)
}

// broken notes an event that cannot be read.
func (o *oddities) broken(where slog.Attr, text []byte, why error) {
	o.tell(&o.counts.Broken, "runner: an event cannot be read, and was skipped", where, text, why)
}

// soFar is safe for use while lines are read.
func (o *oddities) soFar() Counts {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts
}

func (o *oddities) tell(counter *int, what string, where slog.Attr, text []byte, why error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	*counter++
	now := time.Now()
	if o.told >= firstTold && now.Sub(o.last) < tellEvery {
		o.untold++
		return
	}
	attrs := []any{where, "text", shortened(text), "reason", why}
	if o.untold > 0 {
		attrs = append(attrs, "untold", o.untold)
	}
	o.log.Warn(what, attrs...)
	o.told, o.last, o.untold = o.told+1, now, 0
}

func shortened(text []byte) string {
	if len(text) > quoted {
		return string(text[:quoted]) + "..."
	}
	return string(text)
}
