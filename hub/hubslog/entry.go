package hubslog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"path"
	"strings"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/idem"
)

// Layouts of Python's: asctime with the milliseconds behind a comma, and how Idem's logging is set up.
const (
	asctime  = "2006-01-02 15:04:05,000"
	idemTime = "15:04:05"
)

// entry makes an event of r, which was logged within scope.
func (o *Options) entry(r slog.Record, s *scope) entry {
	attrs, about := s.members(r)
	l := idem.Log{Level: levelName(r.Level), Message: strings.ToValidUTF8(r.Message, "\ufffd")}
	l.Module, l.Ref = origin(r)
	var e hub.Event
	if o.AsSent {
		e = asSent(l, r.Time, attrs)
	} else {
		e = documented(l, r.Time, attrs)
	}
	e.Profile, e.Time = cmp.Or(o.Profile, e.Profile), r.Time
	return entry{e, about}
}

func documented(l idem.Log, at time.Time, attrs []byte) hub.Event {
	if !at.IsZero() {
		l.Timestamp = at.Format(asctime)
	}
	e := idem.Logger(l)
	if len(attrs) > 0 {
		tags, _ := json.Marshal(e.Tags) // strings alone
		tags = append(tags[:len(tags)-1], `, "attrs": {`...)
		e.Tags = json.RawMessage(append(append(tags, attrs...), "}}"...))
	}
	return e
}

// asSent puts the record into one line, as Idem's format for log files does.
func asSent(l idem.Log, at time.Time, attrs []byte) hub.Event {
	stamp := ""
	if !at.IsZero() {
		l.Timestamp, stamp = at.Format(idemTime), at.Format(idemTime+",000")+" "
	}
	l.Message = fmt.Sprintf("%s[%-17s][%-8s] %s", stamp, strings.ReplaceAll(l.Module, "/", "."), l.Level, l.Message)
	if len(attrs) > 0 {
		l.Message += fmt.Sprintf(" {%s}", attrs)
	}
	l.Module = path.Base(l.Module)
	return idem.Logger(l, idem.AsSent())
}

// origin returns the package and the function that r was logged by, if r knows it.
func origin(r slog.Record) (module, ref string) {
	source := r.Source()
	if source == nil {
		return "", ""
	}
	// github.com/a/b.(*T).Method: the package ends at the first dot behind the last slash.
	slash := strings.LastIndexByte(source.Function, '/') + 1
	name, _, _ := strings.Cut(source.Function[slash:], ".")
	return source.Function[:slash] + name, source.Function
}

// levelName returns the name that Python has for a level, those in between rounded down.
func levelName(l slog.Level) string {
	switch {
	case l < slog.LevelDebug:
		return "TRACE"
	case l < slog.LevelInfo:
		return "DEBUG"
	case l < slog.LevelWarn:
		return "INFO"
	case l < slog.LevelError:
		return "WARNING"
	case l < slog.LevelError+4:
		return "ERROR"
	}
	return "CRITICAL"
}
