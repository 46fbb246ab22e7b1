package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/evhub/evhub/hub"
)

// Message is a *Status or an *Event.
type Message interface {
	// Ident returns the ident of the run, "" if it is unknown.
	Ident() string
	// HubEvent returns the message as a hub takes it.
	HubEvent() hub.Event
}

// Errors of Parse and Decode, to be told apart with errors.Is.
var (
	// ErrNotJSON: the text is no JSON object, or more than one.
	ErrNotJSON = errors.New("runner: not a JSON object")
	// ErrForeign: the text is a JSON object, but neither a status nor a job event.
	ErrForeign = errors.New(`runner: neither a status ("status") nor a job event ("event" and "uuid")`)
	// ErrNothing: the text belongs to Runner and says nothing of a run: a keepalive, {}, the end of a stream, the
	// arguments of a transmitted run, the announcement of a zip file.
	ErrNothing = errors.New("runner: neither status nor event, but Runner's own business")
)

// Options change how a text is read. The zero value changes nothing.
type Options struct {
	// Ident is the ident of what has none of its own: a status of a stream that broke. The body stays as it is.
	Ident string
	// DropEnv takes the environment, which may hold secrets, out of the body of statuses.
	DropEnv bool
}

// Parse reads a status or a job event, one JSON object, as the event that a hub takes. The event shares no memory with
// text. Errors: ErrNotJSON, ErrForeign, ErrNothing.
func Parse(text []byte) (hub.Event, error) {
	m, err := Options{}.Decode(text)
	if err != nil {
		return hub.Event{}, err
	}
	return m.HubEvent(), nil
}

// Decode reads a status or a job event, one JSON object. Members that are of another type than Runner's are left out of
// the typed part. The message shares no memory with text. Errors: ErrNotJSON, ErrForeign, ErrNothing.
func (o Options) Decode(text []byte) (Message, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' {
		return nil, ErrNotJSON
	}
	var k kind
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotJSON, err)
	}
	switch {
	case k.isStatus():
		return o.status(text)
	case k.isEvent():
		return o.event(text)
	case k.isNothing():
		return nil, ErrNothing
	}
	return nil, ErrForeign
}

func (o Options) status(text []byte) (Message, error) {
	s := &Status{raw: bytes.Clone(text)}
	if err := lenient(text, s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotJSON, err)
	}
	if s.RunnerIdent == "" {
		s.RunnerIdent = o.Ident
	}
	if o.DropEnv {
		s.Env, s.raw = nil, without(s.raw, "env")
	}
	return s, nil
}

func (o Options) event(text []byte) (Message, error) {
	e := &Event{raw: bytes.Clone(text)}
	if err := lenient(text, e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotJSON, err)
	}
	if e.RunnerIdent == "" {
		e.RunnerIdent = o.Ident
	}
	return e, nil
}

// lenient is json.Unmarshal that leaves out what is of another type.
func lenient(text []byte, v any) error {
	err := json.Unmarshal(text, v)
	if _, other := errors.AsType[*json.UnmarshalTypeError](err); other {
		return nil
	}
	return err
}
