package acct

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// JSON returns the file's tree as a JSON object, keys in the order of the file. Keys and binary data become text; what
// JSON cannot express, infinity for instance, is an error.
func (f *File) JSON() (json.RawMessage, error) {
	if f.doc == nil {
		return json.RawMessage("{}"), nil
	}
	if _, _, err := f.pack(); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := writeJSON(&buf, f.doc); err != nil {
		return nil, f.wrong("%w", err)
	}
	return buf.Bytes(), nil
}

func writeJSON(buf *bytes.Buffer, n *yaml.Node) error {
	switch n = deref(n); n.Kind {
	case yaml.MappingNode:
		return writeJSONMembers(buf, pairs(n))
	case yaml.SequenceNode:
		buf.WriteByte('[')
		for i, e := range n.Content {
			if i > 0 {
				buf.WriteByte(',')
			}
			if err := writeJSON(buf, e); err != nil {
				return err
			}
		}
		buf.WriteByte(']')
		return nil
	}
	v, _ := acctValue(n)
	switch v := v.(type) {
	case string:
		return writeJSONText(buf, v)
	case []byte:
		return writeJSONText(buf, string(v))
	case float64:
		if text := canonical(v); strings.Contains(text, "n") {
			return fmt.Errorf("holds %s, which JSON cannot express", text)
		}
	}
	buf.WriteString(canonical(v))
	return nil
}

func writeJSONMembers(buf *bytes.Buffer, members []pair) error {
	buf.WriteByte('{')
	for i, p := range members {
		if i > 0 {
			buf.WriteByte(',')
		}
		if err := writeJSONText(buf, textOf(deref(p.at))); err != nil {
			return err
		}
		buf.WriteByte(':')
		if err := writeJSON(buf, p.value); err != nil {
			return err
		}
	}
	buf.WriteByte('}')
	return nil
}

// textOf returns a key of any type as text.
func textOf(key *yaml.Node) string {
	v, _ := acctValue(key)
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return canonical(v)
}

func writeJSONText(buf *bytes.Buffer, text string) error {
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(text)
	buf.Truncate(buf.Len() - 1) // the newline
	return err
}
