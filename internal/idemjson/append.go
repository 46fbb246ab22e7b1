package idemjson

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Append appends v.
func Append(dst []byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return dst, &Error{"$", -1, err}
	}
	return AppendText(dst, b)
}

// AppendText appends JSON text.
func AppendText(dst, src []byte) ([]byte, error) {
	if !json.Valid(src) {
		return dst, &Error{"$", 0, errors.New("not JSON")}
	}
	return append(dst, src...), nil
}

// AppendString appends s as a JSON string.
func AppendString(dst []byte, s string) ([]byte, error) { return Append(dst, s) }

// AppendCompact appends spelled text without spaces and needless escapes.
func AppendCompact(dst, spelled []byte) []byte {
	b := bytes.NewBuffer(dst)
	if err := json.Compact(b, spelled); err != nil {
		return append(dst, spelled...)
	}
	return b.Bytes()
}

// AppendObject appends v, which must become a JSON object; nil and null become {}.
func AppendObject(dst []byte, v any) ([]byte, error) {
	if v == nil {
		return append(dst, "{}"...), nil
	}
	return Append(dst, v)
}
