package ingest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/runner"
)

// Stream reads events from the lines that ansible-runner prints: `run -j`, `worker`, or any lines with a status or job
// event each. Everything else is passed over: what Runner says to itself, with the zip file that a worker sends, without
// a word; other lines are counted, and some logged. It is for one goroutine at a time.
type Stream struct {
	lines   lineReader
	options runner.Options
	given   bool // an ident was
	zip     bool // a zip file comes next
	odd     oddities
}

// NewStream reads from r. A status without an ident gets that of options, or if there is none that of the run before it.
func NewStream(r io.Reader, options runner.Options, log *slog.Logger) *Stream {
	return &Stream{
		lines:   lineReader{Reader: bufio.NewReaderSize(r, 64<<10)},
		options: options, given: options.Ident != "",
		odd: oddities{log: log},
	}
}

// Next reads one line. It returns the event in it and its number, or false if it has none. The error is io.EOF at the
// end of the stream, or what is wrong with reading it.
func (s *Stream) Next() (e hub.Event, line int, ok bool, err error) {
	if err := s.skipZip(); err != nil {
		return e, 0, false, err
	}
	text, err := s.lines.next()
	if err != nil && !errors.Is(err, errTooLong) {
		return e, 0, false, err
	}
	if s.lines.number == 1 {
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	text = bytes.TrimSpace(text)
	switch {
	case err != nil:
		s.odd.noteBroken(s.where(), text, err)
		return e, 0, false, nil
	case len(text) == 0:
		return e, 0, false, nil
	}
	m, err := s.options.Decode(text)
	if err != nil {
		s.pass(text, err)
		return e, 0, false, nil
	}
	if !s.given {
		s.options.Ident = m.Ident()
	}
	return m.HubEvent(), s.lines.number, true, nil
}

// pass passes over a line that is no event.
func (s *Stream) pass(text []byte, why error) {
	switch {
	case errors.Is(why, runner.ErrNothing):
		s.zip = announcesZip(text)
	case errors.Is(why, runner.ErrNotJSON) && text[0] == '{':
		s.odd.noteBroken(s.where(), text, why)
	default:
		s.odd.noteOther(s.where(), text, why)
	}
}

// announcesZip reports whether a line of Runner's says that a zip file follows.
func announcesZip(text []byte) bool {
	var announced struct{ Zipfile int64 }
	return json.Unmarshal(text, &announced) == nil && announced.Zipfile > 0
}

// skipZip passes over a zip file, which is base64 in a line of its own; what follows in that line is a line to us. How
// long the file is said to be does not matter: no event begins like base64.
func (s *Stream) skipZip() error {
	if !s.zip {
		return nil
	}
	s.zip = false
	err := s.lines.skipBase64()
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("in a zip file: %w", err)
	}
	return err
}

func (s *Stream) where() slog.Attr { return slog.Int("line", s.lines.number) }

// Ready reports whether Next has a line without waiting for who writes.
func (s *Stream) Ready() bool { return s.lines.ready() }

// Counts says what there was besides events so far. It may be called at any time.
func (s *Stream) Counts() Counts { return s.odd.soFar() }
