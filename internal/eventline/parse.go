package eventline

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evhub/evhub/hub"
)

// Parse reads one event: a JSON object with exactly the keys of an event, each once. (encoding/json would let keys in
// that differ in case, and silently take the last of two.) Whether the values of body and tags are JSON is found out by
// the hub, which goes through them anyway. The event refers to text, which must not change before it is put.
func Parse(text []byte) (hub.Event, error) {
	if !utf8.Valid(text) {
		return hub.Event{}, errors.New("the event is not valid UTF-8")
	}
	var e hub.Event
	s := scanner{rest: text}
	if !s.skip('{') {
		return e, errors.New(`want a JSON object such as {"profile": ..., "body": ...}`)
	}
	var seen keys
	for more := !s.skip('}'); more; {
		key, value, err := s.member()
		if err != nil {
			return e, err
		}
		if err := seen.add(key); err != nil {
			return e, err
		}
		if e.Body != nil && (key == "body" || key == "body_base64") {
			return e, errors.New(`"body" and "body_base64" are both there`)
		}
		if err := set(&e, key, value); err != nil {
			return e, err
		}
		if more = s.skip(','); !more && !s.skip('}') {
			return e, s.expected("a comma or }")
		}
	}
	switch {
	case !s.atEnd():
		return e, errors.New("there is something behind the JSON object of the event")
	case e.Body == nil:
		return e, errors.New(`no "body" in the event; null is a body too`)
	}
	return e, nil
}

func set(e *hub.Event, key string, value []byte) error {
	switch key {
	case "body":
		e.Body = json.RawMessage(value)
		return nil
	case "tags":
		e.Tags = json.RawMessage(value)
		return nil
	}
	text, ok := unquote(value)
	null := string(value) == "null"
	if !ok && !null {
		return fmt.Errorf("%q must be a string, not %.40q", key, value)
	}
	switch key {
	case "profile":
		e.Profile = text
	case "run_name":
		e.RunName = text
	case "key":
		e.Key = text
	case "id":
		e.ID = text
	case "traceparent":
		e.TraceParent = text
	case "time":
		return setTime(e, text, null)
	case "body_base64":
		return setBytes(e, text, null)
	}
	return nil
}

func setTime(e *hub.Event, text string, null bool) (err error) {
	if null {
		return nil
	}
	if e.Time, err = time.Parse(time.RFC3339Nano, text); err != nil {
		return fmt.Errorf(`"time" must be as in RFC 3339, such as 2026-01-31T23:59:59.5Z, not %.40q`, text)
	}
	return nil
}

func setBytes(e *hub.Event, text string, null bool) error {
	opaque, err := base64.StdEncoding.DecodeString(text)
	if null || err != nil {
		return errors.New(`"body_base64" must be bytes in base64`)
	}
	e.Body = opaque
	return nil
}

// eventKeys are those that an event may have.
var eventKeys = [...]string{"profile", "body", "tags", "run_name", "key", "id", "time", "traceparent", "body_base64"}

// keys are those that an event has had so far, a bit for each.
type keys uint16

func (k *keys) add(key string) error {
	for i, known := range eventKeys {
		if key != known {
			continue
		}
		if *k&(1<<i) != 0 {
			return fmt.Errorf("%q is there twice", key)
		}
		*k |= 1 << i
		return nil
	}
	return fmt.Errorf("unknown key %.40q; there are %s", key, strings.Join(eventKeys[:], ", "))
}
