package eventline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// scanner takes a JSON object apart into the texts of its members, without a look into their values.
type scanner struct{ rest []byte }

const blanks = " \t\r\n"

func (s *scanner) skipBlanks() { s.rest = bytes.TrimLeft(s.rest, blanks) }

func (s *scanner) atEnd() bool {
	s.skipBlanks()
	return len(s.rest) == 0
}

// skip takes c, with blanks before it, and reports whether it was there.
func (s *scanner) skip(c byte) bool {
	s.skipBlanks()
	if len(s.rest) == 0 || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// expected says what should be here.
func (s *scanner) expected(what string) error {
	if s.atEnd() {
		return errors.New("not JSON: the event ends too early")
	}
	return fmt.Errorf("not JSON: want %s at %.20q", what, s.rest)
}

// member takes a key and its value.
func (s *scanner) member() (key string, value []byte, err error) {
	s.skipBlanks()
	text := s.rest[:stringEnd(s.rest)]
	key, ok := unquote(text)
	if !ok {
		return "", nil, s.expected("a key in quotes")
	}
	s.rest = s.rest[len(text):]
	if !s.skip(':') {
		return "", nil, s.expected("a colon")
	}
	s.skipBlanks()
	end := valueEnd(s.rest)
	if end == 0 {
		return "", nil, s.expected("a value")
	}
	value, s.rest = s.rest[:end], s.rest[end:]
	return key, bytes.TrimRight(value, blanks), nil
}

// unquote returns the string that text spells, or false if it spells none.
func unquote(text []byte) (string, bool) {
	inside := len(text) - 2
	if inside >= 0 && text[0] == '"' && text[inside+1] == '"' && !bytes.ContainsFunc(text[1:inside+1], special) {
		return string(text[1 : inside+1]), true
	}
	var s *string
	err := json.Unmarshal(text, &s)
	if err != nil || s == nil {
		return "", false
	}
	return *s, true
}

// special reports whether r is more than itself within quotes.
func special(r rune) bool { return r < ' ' || r == '"' || r == '\\' }

// stringEnd returns the length of the string that text begins with, quotes included; 0 if there is none, and the
// whole length if it does not end.
func stringEnd(text []byte) int {
	if len(text) == 0 || text[0] != '"' {
		return 0
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return len(text)
}

// valueEnd returns how far the value reaches that text begins with: to the comma or bracket that ends what is around.
func valueEnd(text []byte) int {
	depth := 0
	for i := 0; i < len(text); {
		switch text[i] {
		case '"':
			i += stringEnd(text[i:])
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(text)
}
