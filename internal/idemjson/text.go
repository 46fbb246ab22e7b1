package idemjson

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// MaxDepth is how many arrays and objects may be open at once. Python's own limit is about the same. A Go value that
// contains itself ends here too.
const MaxDepth = 1000

var (
	errTooDeep = fmt.Errorf("nested deeper than %d levels, or contains itself", MaxDepth)
	errEnd     = errors.New("the JSON text ends too early")
	errUTF8    = errors.New("invalid UTF-8")
	errControl = errors.New("a control character in a string must be escaped")
	errEscape  = errors.New(`no such escape in a JSON string; want one of \" \\ \/ \b \f \n \r \t \u0000`)
)

// AppendText appends the JSON text src in Idem's spelling. Numbers keep their digits, objects the order of their keys
// and their duplicates, a lone surrogate such as \ud800 its escape. Invalid JSON, and JSON with invalid UTF-8, is an
// error. It makes one pass and allocates nothing but room in dst. src and the spare capacity of dst must not overlap.
func AppendText(dst, src []byte) ([]byte, error) {
	out, err := appendText(dst, src, 0)
	if err != nil {
		return dst, err.rooted()
	}
	return out, nil
}

// appendText appends src, around which depth arrays and objects are open already.
func appendText(dst, src []byte, depth int) ([]byte, *Error) {
	s := speller{dst: slices.Grow(dst, len(src)+len(src)/8), src: src}
	if err := s.text(depth); err != nil {
		return dst, &Error{Path: pathAt(src, s.i), Offset: s.i, Err: err}
	}
	return s.dst, nil
}

// speller copies src to dst in runs: src[from:i] has been read and stands as it must, but is not in dst yet. Only where
// the spelling differs is the run flushed.
type speller struct {
	dst, src []byte
	from, i  int
}

func (s *speller) flush() { s.dst = append(s.dst, s.src[s.from:s.i]...) }

// peek returns the next byte, or 0, which begins nothing in JSON, at the end.
func (s *speller) peek() byte {
	if s.i < len(s.src) {
		return s.src[s.i]
	}
	return 0
}

func (s *speller) unexpected(want string) error {
	if s.i >= len(s.src) {
		return errEnd
	}
	r, _ := utf8.DecodeRune(s.src[s.i:])
	return fmt.Errorf("unexpected %q; want %s", r, want)
}

func (s *speller) text(depth int) error {
	s.skip()
	if err := s.value(depth); err != nil {
		return err
	}
	s.skip()
	if s.i < len(s.src) {
		return s.unexpected("the end of the JSON text")
	}
	s.flush()
	return nil
}

// skip drops whitespace.
func (s *speller) skip() {
	if s.i < len(s.src) && s.src[s.i] <= ' ' {
		s.flush()
		s.dropSpace()
	}
}

// space replaces whitespace, or none, by one space.
func (s *speller) space() {
	if s.i+1 < len(s.src) && s.src[s.i] == ' ' && s.src[s.i+1] > ' ' {
		s.i++
		return
	}
	s.flush()
	s.dst = append(s.dst, ' ')
	s.dropSpace()
}

func (s *speller) dropSpace() {
	for c := s.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = s.peek() {
		s.i++
	}
	s.from = s.i
}

func (s *speller) value(depth int) error {
	switch c := s.peek(); c {
	case '"':
		return s.string()
	case '{':
		return s.object(depth + 1)
	case '[':
		return s.array(depth + 1)
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		if c == '-' || isDigit(c) {
			return s.number()
		}
		return s.unexpected("a JSON value")
	}
}

func (s *speller) object(depth int) error {
	if depth > MaxDepth {
		return errTooDeep
	}
	s.i++
	s.skip()
	if s.peek() == '}' {
		s.i++
		return nil
	}
	for {
		if err := s.key(); err != nil {
			return err
		}
		if err := s.value(depth); err != nil {
			return err
		}
		if more, err := s.next('}', "a comma or }"); !more {
			return err
		}
	}
}

func (s *speller) key() error {
	if s.peek() != '"' {
		return s.unexpected("a key in quotes")
	}
	if err := s.string(); err != nil {
		return fmt.Errorf("in a key: %w", err)
	}
	s.skip()
	if s.peek() != ':' {
		return s.unexpected("a colon")
	}
	s.i++
	s.space()
	return nil
}

func (s *speller) array(depth int) error {
	if depth > MaxDepth {
		return errTooDeep
	}
	s.i++
	s.skip()
	if s.peek() == ']' {
		s.i++
		return nil
	}
	for {
		if err := s.value(depth); err != nil {
			return err
		}
		if more, err := s.next(']', "a comma or ]"); !more {
			return err
		}
	}
}

// next reads a comma, after which there is more, or the closing bracket.
func (s *speller) next(closing byte, want string) (more bool, err error) {
	s.skip()
	switch s.peek() {
	case ',':
		s.i++
		s.space()
		return true, nil
	case closing:
		s.i++
		return false, nil
	}
	return false, s.unexpected(want)
}

func (s *speller) literal(word string) error {
	end := s.i + len(word)
	if end > len(s.src) || string(s.src[s.i:end]) != word {
		return s.unexpected("a JSON value")
	}
	s.i = end
	return nil
}

func (s *speller) number() error {
	end := numberEnd(s.src, s.i)
	if end < 0 {
		s.i = -end - 1
		return s.unexpected("a digit")
	}
	s.i = end
	return nil
}

func (s *speller) string() error {
	s.i++
	for {
		s.i = plainEnd(s.src, s.i)
		if s.i >= len(s.src) {
			return errEnd
		}
		switch c := s.src[s.i]; {
		case c == '"':
			s.i++
			return nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < ' ':
			return errControl
		default:
			r, size := utf8.DecodeRune(s.src[s.i:])
			if r == utf8.RuneError && size == 1 {
				return errUTF8
			}
			s.replace(size, r)
		}
	}
}

// replace writes r for the next size bytes.
func (s *speller) replace(size int, r rune) {
	s.flush()
	s.dst = appendRune(s.dst, r)
	s.i += size
	s.from = s.i
}

func (s *speller) escape() error {
	if s.i+1 >= len(s.src) {
		s.i++
		return errEnd
	}
	switch s.src[s.i+1] {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		s.i += 2
		return nil
	case '/':
		s.replace(2, '/')
		return nil
	case 'u':
		// A pair of surrogates is two escapes here and there, so each unit stands for itself.
		if unit, ok := hexUnit(s.src[s.i+2:]); ok {
			s.replace(6, unit)
			return nil
		}
	}
	return errEscape
}
