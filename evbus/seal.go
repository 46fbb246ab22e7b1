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
	// None of these is changed once events are sealed.
	RunName  string
	MaxEvent int
	// Overhead is what a record counts in a backlog beside what is stored of it, in bytes.
	Overhead int64

	ids idSource
}

// NewSealer returns a Sealer with the given run name and size limit; maxEvent 0 means DefaultMaxEvent.
func NewSealer(runName string, maxEvent int) *Sealer {
	if maxEvent <= 0 {
		maxEvent = DefaultMaxEvent
	}
	return &Sealer{RunName: runName, MaxEvent: maxEvent, Overhead: MemoryOverhead, ids: newIDSource()}
}

// Seal validates and encodes e in one pass. Its errors are ErrEncode, with the path of the field, or ErrTooLarge.
func (s *Sealer) Seal(e Event) (*Record, error) {
	b := s.Batch(1)
	return b.Seal(e)
}

// NewID returns a new ID, a UUIDv7.
func (s *Sealer) NewID() string { return string(s.ids.append(nil, time.Now())) }

func sizeHint(v any) int {
	switch v := v.(type) {
	case nil:
		return 2
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
	if at, ok := errors.AsType[*idemjson.Error](err); ok {
		return fmt.Errorf("%w: %s, at %s: %w", ErrEncode, field, at.Path, at.Err)
	}
	return fmt.Errorf("%w: %s: %w", ErrEncode, field, err)
}

// checkNames refuses what could not be carried by every protocol, encoded or not.
func checkNames(r *Record) error {
	if err := checkName("profile", r.Profile, maxName); err != nil {
		return err
	}
	if err := checkName("run_name", r.RunName, maxName); err != nil {
		return err
	}
	if err := checkName("key", r.Key, maxName); err != nil {
		return err
	}
	if err := checkName("id", r.ID, maxID); err != nil {
		return err
	}
	if !printable(r.ID) {
		return fmt.Errorf("%w: id %q: only printable ASCII without spaces can be an id", ErrEncode, r.ID)
	}
	if len(r.TraceParent) > maxID || !printable(r.TraceParent) {
		return fmt.Errorf("%w: traceparent %.64q: want the W3C form 00-<trace id>-<parent id>-<flags>", ErrEncode, r.TraceParent)
	}
	return nil
}

func checkName(field, value string, most int) error {
	if len(value) > most {
		return fmt.Errorf("%w: %s has %d bytes, the limit is %d", ErrEncode, field, len(value), most)
	}
	if !utf8.ValidString(value) {
		return fmt.Errorf("%w: %s is not valid UTF-8: %q", ErrEncode, field, value)
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
