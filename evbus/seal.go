package evbus

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/evhub/evhub/internal/idemjson"
)

// Limits of the names on an event, in bytes.
const (
	maxName = 1 << 10
	maxID   = 256
)

// DefaultProfile is the profile of an event that names none, as in Idem.
const DefaultProfile = "default"

// DefaultMaxEvent is the largest event that a Sealer takes unless told otherwise: 1 MiB of tags and body together.
const DefaultMaxEvent = 1 << 20

// Sealer turns events into records. It is safe for concurrent use.
type Sealer struct {
	// RunName is what events that have none get, and MaxEvent the largest sum of encoded tags and body, in bytes.
	// Neither is changed.
	RunName  string
	MaxEvent int

	ids    idSource
	source string // the CloudEvents source for RunName
}

// NewSealer returns a Sealer with the given run name and size limit; maxEvent 0 means DefaultMaxEvent.
func NewSealer(runName string, maxEvent int) *Sealer {
	if maxEvent <= 0 {
		maxEvent = DefaultMaxEvent
	}
	return &Sealer{RunName: runName, MaxEvent: maxEvent, ids: newIDSource(), source: sourceOf(runName)}
}

// Seal validates and encodes e in one pass. Its errors are ErrEncode, with the path of the field, or ErrTooLarge.
func (s *Sealer) Seal(e Event) (*Record, error) {
	now := time.Now()
	r := &Record{
		ID: e.ID, Profile: e.Profile, RunName: e.RunName, Key: e.Key, TraceParent: e.TraceParent, Time: e.Time,
		accepted: now,
	}
	if r.Profile == "" {
		r.Profile = DefaultProfile
	}
	if r.RunName == "" {
		r.RunName = s.RunName
	}
	if r.Time.IsZero() {
		r.Time = now.Round(0)
	}
	if err := checkNames(r); err != nil {
		return nil, err
	}
	if year := r.Time.UTC().Year(); year < 0 || year > 9999 {
		return nil, fmt.Errorf("%w: time: year %d has no spelling in RFC 3339", ErrEncode, year)
	}
	s.stamp(r, now)
	if err := s.encode(r, e); err != nil {
		return nil, err
	}
	return r, nil
}

// stamp gives r its texts that do not come from the event, in one piece of memory.
func (s *Sealer) stamp(r *Record, now time.Time) {
	var space [80]byte
	text := space[:0]
	if r.ID == "" {
		text = s.ids.append(text, now)
	}
	id := len(text)
	text = r.Time.UTC().AppendFormat(text, time.RFC3339Nano)
	joined := string(text)
	if id > 0 {
		r.ID = joined[:id]
	}
	r.timeText = joined[id:]
	r.source = s.source
	if r.RunName != s.RunName {
		r.source = sourceOf(r.RunName)
	}
}

func (s *Sealer) encode(r *Record, e Event) error {
	buf := make([]byte, 0, sizeHint(e.Tags)+sizeHint(e.Body))
	buf, err := idemjson.AppendObject(buf, e.Tags)
	if err != nil {
		return encodeError("tags", err)
	}
	tags := len(buf)
	if opaque, ok := e.Body.([]byte); ok {
		r.Opaque = true
		buf = append(buf, opaque...)
	} else if buf, err = idemjson.Append(buf, e.Body); err != nil {
		return encodeError("body", err)
	}
	if len(buf) > s.MaxEvent {
		return fmt.Errorf("%w: tags and body have %d bytes, the limit is %d", ErrTooLarge, len(buf), s.MaxEvent)
	}
	r.Tags, r.Data = buf[:tags:tags], buf[tags:]
	return nil
}

func sizeHint(v any) int {
	switch v := v.(type) {
	case nil:
		return 4
	case json.RawMessage:
		return len(v) + len(v)/8 + 16
	case []byte:
		return len(v)
	case string:
		return len(v) + 16
	}
	return 128
}

func rawJSON(b []byte) json.RawMessage { return append(json.RawMessage(nil), b...) }

func encodeError(field string, err error) error {
	var at *idemjson.Error
	if errors.As(err, &at) {
		return fmt.Errorf("%w: %s, at %s: %w", ErrEncode, field, at.Path, at.Err)
	}
	return fmt.Errorf("%w: %s: %w", ErrEncode, field, err)
}

// checkNames refuses what could not be carried by every protocol, encoded or not.
func checkNames(r *Record) error {
	for _, n := range [...]struct {
		field, value string
		most         int
	}{
		{"profile", r.Profile, maxName}, {"run_name", r.RunName, maxName}, {"key", r.Key, maxName}, {"id", r.ID, maxID},
	} {
		if len(n.value) > n.most {
			return fmt.Errorf("%w: %s has %d bytes, the limit is %d", ErrEncode, n.field, len(n.value), n.most)
		}
		if !utf8.ValidString(n.value) {
			return fmt.Errorf("%w: %s is not valid UTF-8: %q", ErrEncode, n.field, n.value)
		}
	}
	if !printable(r.ID) {
		return fmt.Errorf("%w: id %q: only printable ASCII without spaces can be an id", ErrEncode, r.ID)
	}
	if len(r.TraceParent) > maxID || !printable(r.TraceParent) {
		return fmt.Errorf("%w: traceparent %.64q: want the W3C form 00-<trace id>-<parent id>-<flags>", ErrEncode, r.TraceParent)
	}
	return nil
}

// printable reports whether s holds only visible ASCII, so that it can stand in any header as it is.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
