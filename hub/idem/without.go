package idem

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/evhub/evhub/internal/idemjson"
)

// each stands in a path for every element of an array.
const each = ""

// without is a JSON value without the members that paths lead to. It is taken apart when it is encoded, so that what is
// wrong with the value is found where all values are.
type without struct {
	value any
	paths [][]string
}

// MarshalJSON implements json.Marshaler.
func (w without) MarshalJSON() ([]byte, error) {
	text, err := idemjson.Append(nil, w.value)
	for _, path := range w.paths {
		if err == nil {
			text, err = remove(text, path)
		}
	}
	return text, err
}

// remove returns JSON text without what path leads to. All else stays as it is written.
func remove(text []byte, path []string) ([]byte, error) {
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return text, nil
	}
	parts, err := partsOf(text)
	if err != nil {
		return nil, err
	}
	isArray := text[0] == '['
	out := []byte{text[0]}
	for _, p := range parts {
		if isArray == (path[0] == each) && p.key == path[0] {
			if len(path) == 1 {
				continue
			}
			if p.value, err = remove(p.value, path[1:]); err != nil {
				return nil, err
			}
		}
		if len(out) > 1 {
			out = append(out, ", "...)
		}
		out = append(append(out, p.start...), p.value...)
	}
	return append(out, text[len(text)-1]), nil
}

// part is an element of an array or a member of an object.
type part struct {
	key   string
	start []byte // the key of a member and the colon, as they are written
	value json.RawMessage
}

// partsOf takes the object or array text apart.
func partsOf(text []byte) ([]part, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	var parts []part
	for decoder.More() {
		var p part
		if text[0] == '{' {
			before := decoder.InputOffset()
			key, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			p.key = fmt.Sprint(key)
			quoted := bytes.TrimLeft(text[before:decoder.InputOffset()], ", ")
			p.start = slices.Concat(quoted, []byte(": "))
		}
		if err := decoder.Decode(&p.value); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}
