package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// console is where a command reads and writes.
type console struct {
	in       io.Reader
	out, err *stream
}

func newConsole(in io.Reader, out, err io.Writer) console {
	return console{in: in, out: newStream(out), err: newStream(err)}
}

// printJSON writes v as one line of JSON, in which every character that is not graphic is escaped.
func (c console) printJSON(v any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := c.out.Write(escapeJSON(text.Bytes()))
	return err
}

// stream is an output of the command. What is written by one call stays together, whichever goroutine writes.
type stream struct {
	// terminal: a person looks at it, so that a status line makes sense.
	terminal bool
	// style is how to colour what is written here.
	style style

	mu     sync.Mutex // guards the fields below
	w      io.Writer
	status bool // the cursor is on a status line
}

func newStream(w io.Writer) *stream {
	terminal := isTerminal(w) && os.Getenv("TERM") != "dumb"
	return &stream{w: w, terminal: terminal, style: style{terminal && os.Getenv("NO_COLOR") == ""}}
}

// isTerminal reports whether w is a terminal.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

const clearLine = "\r\x1b[K"

// Write implements io.Writer. It takes a status line away first.
func (s *stream) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	return s.w.Write(text)
}

// setStatus shows text below everything that was written, until something else is written; "" shows nothing.
func (s *stream) setStatus(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	if s.terminal && text != "" {
		_, err := io.WriteString(s.w, text)
		s.status = err == nil
	}
}

func (s *stream) clear() {
	if s.status {
		_, _ = io.WriteString(s.w, clearLine) // as good as the terminal is
		s.status = false
	}
}
