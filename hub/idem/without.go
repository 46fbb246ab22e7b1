package idem

import "github.com/evhub/evhub/internal/idemjson"

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
	if err != nil {
		return nil, err
	}
	for _, path := range w.paths {
		text = remove(text, path)
	}
	return text, nil
}

// remove returns spelled text without what path leads to. All else stays as it is written.
func remove(text []byte, path []string) []byte {
	parts, isArray := idemjson.Parts(text), text[0] == '['
	if parts == nil || isArray != (path[0] == each) {
		return text
	}
	var left []idemjson.Part
	for _, p := range parts {
		if isArray || string(p.Key) == `"`+path[0]+`"` {
			if len(path) == 1 {
				continue
			}
			p.Value = remove(p.Value, path[1:])
		}
		left = append(left, p)
	}
	if isArray {
		return idemjson.AppendArrayOf(nil, left)
	}
	return idemjson.AppendObjectOf(nil, left)
}
