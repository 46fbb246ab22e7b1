package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/evhub/evhub/hub"
)

// maxLine is the longest line of events that is read, in bytes: a hub takes no event that large.
const maxLine = 4 << 20

// line is one event of a stream, or why it is none.
type line struct {
	number int
	event  hub.Event
	err    error
}

// lineSource reads events from JSON Lines.
type lineSource struct {
	name   string
	reader *bufio.Reader
	closer io.Closer
	number int
	single *hub.Event
}

func newLineSource(name string, r io.Reader, c io.Closer) *lineSource {
	return &lineSource{name: name, reader: bufio.NewReaderSize(r, 64<<10), closer: c}
}

// oneEvent is a source of a single event, which comes from no line.
func oneEvent(e hub.Event) *lineSource { return &lineSource{single: &e} }

func (s *lineSource) close() {
	if s.closer != nil {
		_ = s.closer.Close() // it was only read
	}
}

// next returns the next event, io.EOF after the last, and any other error if the source cannot be read.
func (s *lineSource) next() (line, error) {
	if s.reader == nil {
		if s.single == nil {
			return line{}, io.EOF
		}
		e := *s.single
		s.single = nil
		return line{event: e}, nil
	}
	for {
		text, tooLong, err := s.readLine()
		if err != nil {
			return line{}, err
		}
		s.number++
		switch {
		case tooLong:
			return line{number: s.number, err: fmt.Errorf("the line is longer than %d bytes", maxLine)}, nil
		case len(bytes.TrimSpace(text)) > 0:
			e, err := parseEvent(text)
			return line{s.number, e, err}, nil
		}
	}
}

// buffered reports whether another line can be had without waiting for the sender.
func (s *lineSource) buffered() bool {
	if s.reader == nil {
		return false
	}
	waiting, _ := s.reader.Peek(s.reader.Buffered())
	return bytes.IndexByte(waiting, '\n') >= 0
}

// readLine returns a line without its end. Of one that is too long it reads and forgets all.
func (s *lineSource) readLine() (text []byte, tooLong bool, err error) {
	for {
		part, err := s.reader.ReadSlice('\n')
		if len(text)+len(part) > maxLine {
			tooLong, text = true, nil
		}
		if !tooLong {
			text = append(text, part...)
		}
		switch {
		case err == nil:
			return bytes.TrimSuffix(text, []byte("\n")), tooLong, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && (len(text) > 0 || tooLong):
			return text, tooLong, nil
		case errors.Is(err, io.EOF):
			return nil, false, io.EOF
		default:
			return nil, false, fmt.Errorf("%s: %w", s.name, err)
		}
	}
}

// eventLine is the form of a line.
type eventLine struct {
	Profile string          `json:"profile"`
	Body    json.RawMessage `json:"body"`
	Tags    json.RawMessage `json:"tags"`
	RunName string          `json:"run_name"`
	Key     string          `json:"key"`
	ID      string          `json:"id"`
}

func parseEvent(text []byte) (hub.Event, error) {
	if !utf8.Valid(text) {
		return hub.Event{}, errors.New("the line is not valid UTF-8")
	}
	var e eventLine
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&e); err != nil {
		return hub.Event{}, lineError(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return hub.Event{}, errors.New("more than one JSON value in the line")
	}
	if e.Body == nil {
		return hub.Event{}, errors.New(`no "body" in the line; null is a body too`)
	}
	return hub.Event{Profile: e.Profile, Body: e.Body, Tags: tagsOf(e.Tags), RunName: e.RunName, Key: e.Key, ID: e.ID}, nil
}

func tagsOf(text json.RawMessage) any {
	if text == nil {
		return nil
	}
	return text
}

func lineError(err error) error {
	if rest, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("unknown key %s; there are profile, body, tags, run_name, key, id", rest)
	}
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) && typed.Field != "" {
		return fmt.Errorf("%q must be a %s, not a %s", typed.Field, typed.Type, typed.Value)
	}
	if errors.As(err, &typed) {
		return fmt.Errorf("want a JSON object such as {\"profile\": ..., \"body\": ...}, not a %s", typed.Value)
	}
	return fmt.Errorf("not JSON: %w", err)
}
