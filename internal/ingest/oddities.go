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

// oddities counts lines that are no events and tells of them, of some: of each kind for itself, since a playbook's usual
// text must not be all that is told when events are broken too.
type oddities struct {
	log *slog.Logger

	mu            sync.Mutex
	counts        Counts
	texts, broken telling
}

// telling is what has been told of one kind.
type telling struct {
	told   int
	last   time.Time
	untold int
}

// noteOther notes a line that is no event and was not meant to be one.
func (o *oddities) noteOther(where slog.Attr, text []byte, why error) {
	o.note(&o.counts.Other, &o.texts, "runner: a line that is no event was skipped", where, text, why)
}

// noteBroken notes an event that cannot be read.
func (o *oddities) noteBroken(where slog.Attr, text []byte, why error) {
	o.note(&o.counts.Broken, &o.broken, "runner: an event cannot be read, and was skipped", where, text, why)
}

// soFar is safe for use while lines are read.
func (o *oddities) soFar() Counts {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts
}

func (o *oddities) note(counter *int, kind *telling, what string, where slog.Attr, text []byte, why error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	*counter++
	now := time.Now()
	if kind.told >= firstTold && now.Sub(kind.last) < tellEvery {
		kind.untold++
		return
	}
	attrs := []any{where, "text", shortened(text), "reason", why}
	if kind.untold > 0 {
		attrs = append(attrs, "untold", kind.untold)
	}
	o.log.Warn(what, attrs...)
	kind.told, kind.last, kind.untold = kind.told+1, now, 0
}

func shortened(text []byte) string {
	if len(text) > quoted {
		return string(text[:quoted]) + "..."
	}
	return string(text)
}
