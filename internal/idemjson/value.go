package idemjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// Append appends v. It takes the values that encoding/json takes, with its rules for struct tags, embedded structs,
// maps (sorted by key), json.Marshaler, encoding.TextMarshaler, []byte (base64) and time.Time (RFC 3339), and spells
// them as Idem would: floats as Python's repr, a float32 with the digits that a float32 needs. json.Number,
// json.RawMessage and what a MarshalJSON returns are JSON text, of which [AppendText] says how it is treated.
// Unlike encoding/json it refuses invalid UTF-8, in keys too, and values nested deeper than [MaxDepth].
func Append(dst []byte, v any) ([]byte, error) {
	e := encoder{dst: dst}
	if err := e.any(v); err != nil {
		return dst, err.rooted()
	}
	return e.dst, nil
}

var (
	errNotObject = errors.New("want a JSON object")

	null = []byte("null")
)

// AppendObject is Append for a v that must be a JSON object. nil, and what is written as null, become {}.
func AppendObject(dst []byte, v any) ([]byte, error) {
	start := len(dst)
	out, err := Append(dst, v)
	switch {
	case err != nil:
		return dst, err
	case bytes.Equal(out[start:], null):
		return append(out[:start], "{}"...), nil
	case out[start] != '{':
		return dst, fault(errNotObject).rooted()
	}
	return out, nil
}

// maxPointers ends a pointer that leads to itself.
const maxPointers = 4 * MaxDepth

type encoder struct {
	dst             []byte
	depth, pointers int
}

// put takes the result of one of the append functions.
func (e *encoder) put(dst []byte, err *Error) *Error {
	if err == nil {
		e.dst = dst
	}
	return err
}

// any has the types that events are made of; reflection does the rest.
func (e *encoder) any(v any) *Error {
	switch v := v.(type) {
	case nil:
		e.dst = append(e.dst, null...)
	case string:
		return e.put(appendString(e.dst, v))
	case bool:
		e.dst = strconv.AppendBool(e.dst, v)
	case int:
		e.dst = strconv.AppendInt(e.dst, int64(v), 10)
	case int64:
		e.dst = strconv.AppendInt(e.dst, v, 10)
	case float64:
		return e.put(appendFloat(e.dst, v, 64))
	case json.Number:
		return e.put(appendNumber(e.dst, string(v)))
	case json.RawMessage:
		return e.raw(v)
	case time.Time:
		return e.time(v)
	case map[string]any:
		return e.anyMap(v)
	case []any:
		return e.anySlice(v)
	default:
		return e.value(reflect.ValueOf(v))
	}
	return nil
}

func (e *encoder) raw(text json.RawMessage) *Error {
	if text == nil {
		e.dst = append(e.dst, null...)
		return nil
	}
	return e.put(appendText(e.dst, text, e.depth))
}

func (e *encoder) time(t time.Time) *Error {
	quoted, err := t.AppendText(append(e.dst, '"'))
	if err != nil {
		return fault(err)
	}
	e.dst = append(quoted, '"')
	return nil
}

// enter opens an array or object. Each enter that succeeds is followed by a leave.
func (e *encoder) enter(bracket byte) *Error {
	if e.depth == MaxDepth {
		return fault(errTooDeep)
	}
	e.depth++
	e.dst = append(e.dst, bracket)
	return nil
}

func (e *encoder) leave(bracket byte) *Error {
	e.depth--
	e.dst = append(e.dst, bracket)
	return nil
}

// comma separates the elements from the second on.
func (e *encoder) comma(index int) {
	if index > 0 {
		e.dst = append(e.dst, ", "...)
	}
}

func (e *encoder) key(key string) *Error {
	if err := e.put(appendString(e.dst, key)); err != nil {
		err.Err = fmt.Errorf("in a key: %w", err.Err)
		return err.below(keyStep(key))
	}
	e.dst = append(e.dst, ": "...)
	return nil
}

func (e *encoder) anySlice(list []any) *Error {
	if list == nil {
		e.dst = append(e.dst, null...)
		return nil
	}
	if err := e.enter('['); err != nil {
		return err
	}
	for i, v := range list {
		e.comma(i)
		if err := e.any(v); err != nil {
			return err.below(indexStep(i))
		}
	}
	return e.leave(']')
}
