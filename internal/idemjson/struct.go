package idemjson

import (
	"reflect"
)

func (e *encoder) structure(v reflect.Value) *Error {
	if err := e.enter('{'); err != nil {
		return err
	}
	written := 0
	for _, f := range fieldsOf(v.Type()) {
		value, ok := f.in(v)
		if !ok || f.omits(value) {
			continue
		}
		e.comma(written)
		written++
		e.dst = append(e.dst, f.spelled...)
		if err := e.field(f, value); err != nil {
			return err.below(keyStep(f.name))
		}
	}
	return e.leave('}')
}

func (e *encoder) field(f field, v reflect.Value) *Error {
	if !f.quoted {
		return e.value(v)
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return e.value(v)
		}
		v = v.Elem()
	}
	if done, err := e.special(v); done {
		return err
	}
	start := len(e.dst)
	if err := e.scalar(v); err != nil {
		return err
	}
	inner := string(e.dst[start:])
	return e.put(appendString(e.dst[:start], inner))
}

// in returns the field's value in v. ok is false if it lies in an embedded struct behind a nil pointer.
func (f field) in(v reflect.Value) (_ reflect.Value, ok bool) {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}

func (f field) omits(v reflect.Value) bool {
	return f.omitEmpty && isEmpty(v) || f.omitZero && isZero(v)
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

type zeroer interface{ IsZero() bool }

var zeroerType = reflect.TypeFor[zeroer]()

// isZero asks the type's own IsZero if it has one.
func isZero(v reflect.Value) bool {
	t := v.Type()
	if v.IsZero() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) || !v.CanInterface() {
		return v.IsZero()
	}
	switch {
	case t.Implements(zeroerType):
		if v.Kind() == reflect.Interface && v.Elem().Kind() == reflect.Pointer && v.Elem().IsNil() {
			return true
		}
		return v.Interface().(zeroer).IsZero()
	case reflect.PointerTo(t).Implements(zeroerType):
		if !v.CanAddr() {
			addressable := reflect.New(t).Elem()
			addressable.Set(v)
			v = addressable
		}
		return v.Addr().Interface().(zeroer).IsZero()
	}
	return v.IsZero()
}
