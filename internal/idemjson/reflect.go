package idemjson

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
)

var (
	rawType           = reflect.TypeFor[json.RawMessage]()
	numberType        = reflect.TypeFor[json.Number]()
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// value writes v, which may be invalid: that is nil.
func (e *encoder) value(v reflect.Value) *Error {
	if !v.IsValid() {
		e.dst = append(e.dst, null...)
		return nil
	}
	if done, err := e.special(v); done {
		return err
	}
	if isScalar(v.Kind()) {
		return e.scalar(v)
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return e.pointer(v)
	case reflect.Map:
		return e.mapping(v)
	case reflect.Slice:
		if v.IsNil() {
			e.dst = append(e.dst, null...)
			return nil
		}
		if isBytes(v.Type()) {
			e.dst = append(base64.StdEncoding.AppendEncode(append(e.dst, '"'), v.Bytes()), '"')
			return nil
		}
		return e.list(v)
	case reflect.Array:
		return e.list(v)
	case reflect.Struct:
		return e.structure(v)
	}
	return fault(fmt.Errorf("a %v has no JSON form", v.Type()))
}

// special writes the values whose type says how.
func (e *encoder) special(v reflect.Value) (done bool, err *Error) {
	t := v.Type()
	if t == rawType {
		return true, e.raw(v.Bytes())
	}
	m := methodsOf(t)
	isNil := v.Kind() == reflect.Pointer && v.IsNil()
	switch {
	case v.Kind() == reflect.Interface || isNil || !v.CanInterface():
		return false, nil // pointer looks inside, or writes null; an unexported embedded field has no methods for us
	case m.addrMarshal && v.CanAddr():
		return true, e.marshaler(v.Addr())
	case m.marshal:
		return true, e.marshaler(v)
	case m.addrText && v.CanAddr():
		return true, e.textMarshaler(v.Addr())
	case m.text:
		return true, e.textMarshaler(v)
	}
	return false, nil
}

func (e *encoder) marshaler(v reflect.Value) *Error {
	text, err := v.Interface().(json.Marshaler).MarshalJSON()
	if err != nil {
		return fault(fmt.Errorf("MarshalJSON of %v: %w", v.Type(), err))
	}
	return e.put(appendText(e.dst, text, e.depth))
}

func (e *encoder) textMarshaler(v reflect.Value) *Error {
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return fault(fmt.Errorf("MarshalText of %v: %w", v.Type(), err))
	}
	return e.put(appendString(e.dst, string(text)))
}

func (e *encoder) scalar(v reflect.Value) *Error {
	switch v.Kind() {
	case reflect.Bool:
		e.dst = strconv.AppendBool(e.dst, v.Bool())
	case reflect.Float32:
		return e.put(appendFloat(e.dst, v.Float(), 32))
	case reflect.Float64:
		return e.put(appendFloat(e.dst, v.Float(), 64))
	case reflect.String:
		if v.Type() == numberType {
			return e.put(appendNumber(e.dst, v.String()))
		}
		return e.put(appendString(e.dst, v.String()))
	default:
		if v.CanInt() {
			e.dst = strconv.AppendInt(e.dst, v.Int(), 10)
		} else {
			e.dst = strconv.AppendUint(e.dst, v.Uint(), 10)
		}
	}
	return nil
}

// pointer writes what v, a pointer or an interface, leads to.
func (e *encoder) pointer(v reflect.Value) *Error {
	if e.pointers == maxPointers {
		return fault(errTooDeep)
	}
	e.pointers++
	defer func() { e.pointers-- }()
	return e.value(v.Elem())
}

func (e *encoder) list(v reflect.Value) *Error {
	if err := e.enter('['); err != nil {
		return err
	}
	for i := range v.Len() {
		e.comma(i)
		if err := e.value(v.Index(i)); err != nil {
			return err.below(indexStep(i))
		}
	}
	return e.leave(']')
}

// isBytes reports whether t is a slice that becomes base64: its bytes have no form of their own.
func isBytes(t reflect.Type) bool {
	if t.Elem().Kind() != reflect.Uint8 {
		return false
	}
	m := methodsOf(t.Elem())
	return !m.addrMarshal && !m.addrText
}
