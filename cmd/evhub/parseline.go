package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/evhub/evhub/hub"
)

// parseEvent reads one line: a JSON object with exactly the keys of an event, each once. (encoding/json would let keys
// in that differ in case, and silently take the last of two.) Whether the values of body and tags are JSON is found
// out by the hub, which goes through them anyway.
func parseEvent(text []byte) (hub.Event, error) {
	if !utf8.Valid(text) {
		return hub.Event{}, errors.New("the line is not valid UTF-8")
	}
	var e hub.Event
	s := scanner{rest: text}
	if !s.skip('{') {
		return e, errors.New(`want a JSON object such as {"profile": ..., "body": ...} in each line`)
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
		if err := set(&e, key, value); err != nil {
			return e, err
		}
		if more = s.skip(','); !more && !s.skip('}') {
			return e, s.expected("a comma or }")
		}
	}
	switch {
	case !s.atEnd():
		return e, errors.New("there is something behind the JSON object in the line")
	case e.Body == nil:
		return e, errors.New(`no "body" in the line; null is a body too`)
	}
	return e, nil
}

func set(e *hub.Event, key string, value []byte) error {
	var into *string
	switch key {
	case "body":
		e.Body = json.RawMessage(value)
		return nil
	case "tags":
		e.Tags = json.RawMessage(value)
		return nil
	case "profile":
		into = &e.Profile
	case "run_name":
		into = &e.RunName
	case "key":
		into = &e.Key
	case "id":
		into = &e.ID
	}
	text, ok := unquote(value)
	if !ok && string(value) != "null" {
		return fmt.Errorf("%q must be a string, not %.40q", key, value)
	}
	*into = text
	return nil
}

// keys are those that a line has had so far, a bit for each.
type keys uint8

func (k *keys) add(key string) error {
	for i, known := range [...]string{"profile", "body", "tags", "run_name", "key", "id"} {
		if key != known {
			continue
		}
		if *k&(1<<i) != 0 {
			return fmt.Errorf("%q is there twice", key)
		}
		*k |= 1 << i
		return nil
	}
	return fmt.Errorf("unknown key %q; there are profile, body, tags, run_name, key, id", key)
}
