package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/evhub/evhub/internal/eventline"
)

// MaxBytes is the longest text of an event that is read. Runner itself cuts results at 700,000 characters, and may print
// one twice.
const MaxBytes = eventline.MaxBytes

// lineReader reads lines of bounded length.
type lineReader struct {
	*bufio.Reader
	number int
}

// errTooLong: the line is longer than MaxBytes; what is returned is its beginning.
var errTooLong = errors.New("the line is longer than 4 MiB")

// next returns a line without its end, and io.EOF after the last. Of one that is too long it reads all and returns its
// beginning.
func (r *lineReader) next() (text []byte, err error) {
	tooLong := false
	for {
		part, err := r.ReadSlice('\n')
		if room := MaxBytes - len(text); len(part) > room {
			part, tooLong = part[:room], true
		}
		text = append(text, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(text) > 0:
		case err != nil:
			return nil, err
		}
		r.number++
		if tooLong {
			return text, errTooLong
		}
		return bytes.TrimSuffix(text, []byte("\n")), nil
	}
}

// ready reports whether another line can be had without waiting for who writes.
func (r *lineReader) ready() bool {
	waiting, _ := r.Peek(r.Buffered())
	return bytes.IndexByte(waiting, '\n') >= 0
}

// skipBase64 passes over base64, up to the first other character.
func (r *lineReader) skipBase64() error {
	for {
		if _, err := r.Peek(1); err != nil {
			return err
		}
		waiting, _ := r.Peek(r.Buffered())
		end := bytes.IndexFunc(waiting, notBase64)
		if end >= 0 {
			waiting = waiting[:end]
		}
		_, _ = r.Discard(len(waiting)) // they are in the buffer
		if end >= 0 {
			return nil
		}
	}
}

func notBase64(c rune) bool {
	return (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '/' && c != '='
}
