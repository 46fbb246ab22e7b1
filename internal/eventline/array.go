package eventline

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrTooMany: an array has more elements than are wanted.
var ErrTooMany = errors.New("the array has too many elements")

// Array returns the texts of the elements of a JSON array, of which there may be most, else the error is ErrTooMany. All
// of text must be JSON, so that a mistake in one element cannot pass for another number of elements.
func Array(text []byte, most int) ([][]byte, error) {
	if !json.Valid(text) {
		return nil, fmt.Errorf("not JSON: %w", syntaxError(text))
	}
	s := scanner{rest: text}
	if !s.skip('[') {
		return nil, errors.New("want a JSON array")
	}
	var elements [][]byte
	for more := !s.skip(']'); more; more = s.skip(',') {
		if len(elements) == most {
			return nil, ErrTooMany
		}
		s.skipBlanks()
		end := valueEnd(s.rest)
		elements = append(elements, s.rest[:end])
		s.rest = s.rest[end:]
	}
	return elements, nil
}

// IsArray reports whether text begins as a JSON array does.
func IsArray(text []byte) bool {
	s := scanner{rest: text}
	return s.skip('[')
}

// syntaxError says what encoding/json finds wrong with text.
func syntaxError(text []byte) error {
	var v any
	err := json.Unmarshal(text, &v)
	if at, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("at byte %d: %w", at.Offset, err)
	}
	return err
}
