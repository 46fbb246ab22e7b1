package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/evhub/evhub/hub"
)

// singleEvent is the event that flags describe.
type singleEvent struct {
	given, tagsGiven bool

	profile, body, tags, runName, key, id string
	tagPairs                              []string
	idem                                  idemInput
}

// blanks are what JSON has between its tokens.
const blanks = " \t\r\n"

// contentFlags say what is in an event, and identityFlags what else there is to it. Neither makes sense in a stream.
var (
	contentFlags  = []string{"profile", "tag", "tags"}
	identityFlags = []string{"run-name", "key", "id"}
)

func (s *singleEvent) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.profile, "profile", "", `profile of the event (default "default")`)
	f.StringVar(&s.body, "body", "", "body of the event: JSON text")
	f.StringArrayVar(&s.tagPairs, "tag", nil, "a tag, as key=value; may be repeated")
	f.StringVar(&s.tags, "tags", "", "tags, as a JSON object; --tag adds to it")
	f.StringVar(&s.runName, "run-name", "", `name of the run (default "cli")`)
	f.StringVar(&s.key, "key", "", "ordering key (default: the profile)")
	f.StringVar(&s.id, "id", "", "id of the event (default: a new UUIDv7)")
	s.idem.addFlags(cmd)
}

// check refuses flags that cannot be together.
func (s *singleEvent) check(cmd *cobra.Command) error {
	refuse := func(names []string, because string) error {
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("--%s %s", name, because)
			}
		}
		return nil
	}
	switch {
	case s.idem.kind != "":
		return refuse(contentFlags, "is part of what --idem makes: give one of them")
	case s.given:
		return refuse(idemFlags, "describes an event of Idem: give --idem KIND too")
	}
	return errors.Join(
		refuse(slices.Concat(contentFlags, identityFlags), "describes one event, which needs --body; in a stream it is a key of the line"),
		refuse(idemFlags, "describes an event of Idem: give --idem KIND too"),
	)
}

func (s *singleEvent) event() (hub.Event, error) {
	e, err := s.content()
	e.RunName, e.Key, e.ID = s.runName, s.key, s.id
	return e, err
}

// content is the event without what is its own.
func (s *singleEvent) content() (hub.Event, error) {
	if s.idem.kind != "" {
		in := s.idem
		in.body = s.body
		return in.event()
	}
	if !utf8.ValidString(s.body + s.tags + strings.Join(s.tagPairs, "")) {
		return hub.Event{}, errors.New("--body, --tags and --tag must be valid UTF-8")
	}
	if !json.Valid([]byte(s.body)) {
		return hub.Event{}, fmt.Errorf("--body is not JSON: %w; a text needs quotes: --body '\"text\"'", syntaxError(s.body))
	}
	tags, err := s.tagObject()
	if err != nil {
		return hub.Event{}, err
	}
	return hub.Event{Profile: s.profile, Body: json.RawMessage(s.body), Tags: tags}, nil
}

func (s *singleEvent) tagObject() (any, error) {
	if s.tagsGiven {
		if !json.Valid([]byte(s.tags)) {
			return nil, fmt.Errorf("--tags is not JSON: %w", syntaxError(s.tags))
		}
		if !strings.HasPrefix(strings.TrimLeft(s.tags, blanks), "{") {
			return nil, errors.New(`--tags must be a JSON object, such as {"type": "state-status"}`)
		}
		if len(s.tagPairs) == 0 {
			return json.RawMessage(s.tags), nil
		}
	}
	return s.mergedTags()
}

// mergedTags adds the --tag pairs to the object of --tags, in their order. A key that both give is a contradiction.
func (s *singleEvent) mergedTags() (any, error) {
	pairs, err := pairsObject(s.tagPairs)
	if err != nil || !s.tagsGiven {
		return pairs, err
	}
	given := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(s.tags), &given); err != nil {
		return nil, fmt.Errorf("--tags: %w", err)
	}
	for _, pair := range s.tagPairs {
		if key, _, _ := strings.Cut(pair, "="); given[key] != nil {
			return nil, fmt.Errorf("--tag %s: --tags has this key too; give it once", key)
		}
	}
	if len(given) == 0 {
		return pairs, nil
	}
	object := strings.TrimRight(s.tags, blanks)
	return json.RawMessage(object[:len(object)-1] + "," + string(pairs.(json.RawMessage)[1:])), nil
}

// pairsObject makes a JSON object of key=value pairs, in their order; the last of equal keys counts.
func pairsObject(pairs []string) (any, error) {
	var keys []string
	values := map[string]string{}
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--tag %q: want key=value", pair)
		}
		if _, again := values[key]; !again {
			keys = append(keys, key)
		}
		values[key] = value
	}
	if keys == nil {
		return nil, nil
	}
	text := []byte{'{'}
	for i, key := range keys {
		if i > 0 {
			text = append(text, ',')
		}
		k, _ := json.Marshal(key)
		v, _ := json.Marshal(values[key])
		text = append(append(append(text, k...), ':'), v...)
	}
	return json.RawMessage(append(text, '}')), nil
}

// syntaxError says what encoding/json finds wrong with text.
func syntaxError(text string) error {
	var v any
	err := json.Unmarshal([]byte(text), &v)
	if at, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("at byte %d: %w", at.Offset, err)
	}
	return err
}
