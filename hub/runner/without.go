package runner

import (
	"bytes"
	"encoding/json"
)

// without returns a JSON object without the member name, and all else as it was. If there is no such member, nothing
// changes at all.
func without(object json.RawMessage, name string) json.RawMessage {
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, _ = decoder.Token() // the object was decoded before: here nothing can fail
	out, found := []byte{'{'}, false
	for decoder.More() {
		begin := decoder.InputOffset()
		key, _ := decoder.Token()
		var value json.RawMessage
		_ = decoder.Decode(&value)
		if key == name {
			found = true
			continue
		}
		member := bytes.Trim(object[begin:decoder.InputOffset()], ", \t\r\n")
		if len(out) > 1 {
			out = append(out, ", "...)
		}
		out = append(out, member...)
	}
	if !found {
		return object
	}
	return append(out, '}')
}
