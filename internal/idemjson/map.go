package idemjson

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

func (e *encoder) anyMap(m map[string]any) *Error {
	if m == nil {
		e.dst = append(e.dst, null...)
		return nil
	}
	if err := e.enter('{'); err != nil {
		return err
	}
	var few [16]string // keeps the keys of a small map off the heap
	keys := few[:0]
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for i, key := range keys {
		e.comma(i)
		if err := e.key(key); err != nil {
			return err
		}
		if err := e.any(m[key]); err != nil {
			return err.below(keyStep(key))
		}
	}
	return e.leave('}')
}

type entry struct {
	key   string
	value reflect.Value
}

func (e *encoder) mapping(v reflect.Value) *Error {
	if v.IsNil() {
		e.dst = append(e.dst, null...)
		return nil
	}
	entries := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		key, err := mapKey(it.Key())
		if err != nil {
			return fault(err)
		}
		entries = append(entries, entry{key, it.Value()})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	if err := e.enter('{'); err != nil {
		return err
	}
	for i, entry := range entries {
		e.comma(i)
		if err := e.key(entry.key); err != nil {
			return err
		}
		if err := e.value(entry.value); err != nil {
			return err.below(keyStep(entry.key))
		}
	}
	return e.leave('}')
}

func mapKey(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	if m, ok := key.Interface().(encoding.TextMarshaler); ok {
		if key.Kind() == reflect.Pointer && key.IsNil() {
			return "", nil
		}
		text, err := m.MarshalText()
		if err != nil {
			return "", fmt.Errorf("MarshalText of a key of type %v: %w", key.Type(), err)
		}
		return string(text), nil
	}
	switch {
	case key.CanInt():
		return strconv.FormatInt(key.Int(), 10), nil
	case key.CanUint():
		return strconv.FormatUint(key.Uint(), 10), nil
	}
	return "", fmt.Errorf("a %v cannot be the key of a JSON object", key.Type())
}
