package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/evhub/evhub/hub"
)

// lineKeys are the keys that a line may have.
var lineKeys = []string{"profile", "body", "tags", "run_name", "key", "id"}

// parseEvent reads one line. It takes exactly lineKeys, each once: encoding/json alone would let others in that differ
// in case, and silently take the last of two.
func parseEvent(text []byte) (hub.Event, error) {
	if !utf8.Valid(text) {
		return hub.Event{}, errors.New("the line is not valid UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	start, err := decoder.Token()
	if err != nil {
		return hub.Event{}, notJSON(err)
	}
	if start != json.Delim('{') {
		return hub.Event{}, errors.New(`want a JSON object such as {"profile": ..., "body": ...} in each line`)
	}
	e, err := parseKeys(decoder)
	if err != nil {
		return hub.Event{}, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return hub.Event{}, errors.New("more than one JSON value in the line")
	}
	if e.Body == nil {
		return hub.Event{}, errors.New(`no "body" in the line; null is a body too`)
	}
	return e, nil
}

// parseKeys reads the rest of an object.
func parseKeys(decoder *json.Decoder) (e hub.Event, err error) {
	var seen []string
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return e, notJSON(err)
		}
		key, _ := token.(string) // no other token can be here
		switch {
		case !slices.Contains(lineKeys, key):
			return e, fmt.Errorf("unknown key %q; there are profile, body, tags, run_name, key, id", key)
		case slices.Contains(seen, key):
			return e, fmt.Errorf("%q is there twice", key)
		}
		seen = append(seen, key)
		if err := parseValue(decoder, key, &e); err != nil {
			return e, err
		}
	}
	_, err = decoder.Token()
	return e, notJSON(err)
}

func parseValue(decoder *json.Decoder, key string, e *hub.Event) error {
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil {
		return notJSON(err)
	}
	switch key {
	case "body":
		e.Body = value
		return nil
	case "tags":
		e.Tags = value
		return nil
	}
	into := map[string]*string{"profile": &e.Profile, "run_name": &e.RunName, "key": &e.Key, "id": &e.ID}[key]
	if json.Unmarshal(value, into) != nil {
		return fmt.Errorf("%q must be a string, not %.40q", key, value)
	}
	return nil
}

func notJSON(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("not JSON: the line ends too early")
	}
	return fmt.Errorf("not JSON: %w", err)
}
