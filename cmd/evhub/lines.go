package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/eventline"
)

// byteOrderMark is what some editors write before the first line.
var byteOrderMark = []byte("\ufeff")

// line is one event of a stream, or why it is none.
type line struct {
	number int
	event  hub.Event
	err    error
	// none: there is no event here, and nothing is wrong with that.
	none bool
}

// eventSource is where the events of one call come from.
type eventSource interface {
	// next returns the next event, io.EOF after the last, and any other error if the source cannot be read.
	next() (line, error)
	// buffered reports whether another line can be had without waiting for the sender.
	buffered() bool
	// complete reports whether there is an end that the reading should come to, as a file has, not a stream.
	complete() bool
}

// lineSource reads events from JSON Lines.
type lineSource struct {
	name   string
	reader *bufio.Reader
	closer io.Closer
	number int
	single *hub.Event
	finite bool // see complete
}

// openLines opens the file of events at path; "" and "-" mean standard input.
func openLines(path string, c console) (*lineSource, error) {
	if path != "" && path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--events: %w", err)
		}
		return newLineSource(path, file, file), nil
	}
	if isTerminal(c.in) && c.err.terminal {
		fmt.Fprintln(c.err, c.err.style.faint("type events, one JSON object in a line; Ctrl-D ends"))
	}
	return newLineSource("standard input", c.in, nil), nil
}

func newLineSource(name string, r io.Reader, c io.Closer) *lineSource {
	return &lineSource{name: name, reader: bufio.NewReaderSize(r, 64<<10), closer: c, finite: isRegular(r)}
}

// isRegular reports whether r is a file on disk, not a pipe, a socket or a terminal.
func isRegular(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// oneEvent is a source of a single event, which comes from no line.
func oneEvent(e hub.Event) *lineSource { return &lineSource{single: &e, finite: true} }

func (s *lineSource) close() {
	if s.closer != nil {
		_ = s.closer.Close() // it was only read
	}
}

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
		if s.number == 1 {
			text = bytes.TrimPrefix(text, byteOrderMark)
		}
		switch {
		case tooLong:
			return line{number: s.number, err: fmt.Errorf("the line is longer than %d bytes", eventline.MaxBytes)}, nil
		case len(bytes.TrimSpace(text)) > 0:
			e, err := eventline.Parse(text)
			return line{number: s.number, event: e, err: err}, nil
		}
	}
}

func (s *lineSource) complete() bool { return s.finite }

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
		if len(text)+len(part) > eventline.MaxBytes {
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
