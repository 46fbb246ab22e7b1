package http

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// parsePath parses a path such as $.message.results.0 into its names.
func parsePath(text string) (path []string, ok bool) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok || rest == "" {
		return nil, ok
	}
	if rest[0] != '.' {
		return nil, false
	}
	var name strings.Builder
	for rest = rest[1:] + "."; rest != ""; rest = rest[1:] {
		switch {
		case rest[0] == '.' && name.Len() == 0:
			return nil, false
		case rest[0] == '.':
			path = append(path, name.String())
			name.Reset()
		case rest[0] == '\\' && len(rest) > 2: // what follows is a part of the name; the last dot is ours
			rest = rest[1:]
			name.WriteByte(rest[0])
		case rest[0] == '\\', rest[0] == '[': // $.a[0] of other kinds of paths is $.a.0 here
			return nil, false
		default:
			name.WriteByte(rest[0])
		}
	}
	return path, true
}

// lookUp returns the value at path in a JSON document, as it is spelled there; nil if there is none. Of names that
// come twice in an object the last counts, as for most who read JSON.
func lookUp(document []byte, path []string) []byte {
	for _, name := range path {
		document = child(document, name)
	}
	return bytes.TrimSpace(document)
}

// child returns the value of an object's name, or the element of a list with that index, from 0; nil if there is none.
func child(document []byte, name string) (found []byte) {
	d := json.NewDecoder(bytes.NewReader(document))
	opening, err := d.Token()
	if err != nil {
		return nil
	}
	for i := 0; d.More(); i++ {
		at := strconv.Itoa(i)
		if opening == json.Delim('{') {
			key, err := d.Token()
			if err != nil {
				return nil
			}
			at, _ = key.(string)
		}
		start := d.InputOffset()
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil
		}
		if at == name {
			found = document[start:d.InputOffset()]
			found = bytes.TrimLeft(found, ": ,\t\r\n")
		}
	}
	return found
}
