package main

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/http"
)

// key is one key of a configuration.
type key struct{ path, kind, fallback, doc string }

// keysOf returns the keys of a configuration struct, those of nested structs below their own.
func keysOf(config any) []key { return structKeys("", reflect.ValueOf(config)) }

func structKeys(prefix string, v reflect.Value) []key {
	var keys []key
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		value := v.Field(i)
		if strings.Contains(options, "inline") {
			keys = append(keys, structKeys(prefix, value)...)
			continue
		}
		k := key{path: prefix + name, doc: field.Tag.Get("doc")}
		if nested, ok := section(value); ok {
			if k.doc != "" {
				k.kind = "section"
				keys = append(keys, k)
			}
			keys = append(keys, structKeys(k.path+".", nested)...)
			continue
		}
		k.kind, k.fallback = kindOf(field.Type), fallbackOf(value)
		keys = append(keys, k)
	}
	return keys
}

// section returns the struct behind v if the file writes it as a mapping.
func section(v reflect.Value) (reflect.Value, bool) {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || isScalar(t) {
		return v, false
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return reflect.Zero(t), true
		}
		v = v.Elem()
	}
	return v, true
}

var textType = reflect.TypeFor[encoding.TextUnmarshaler]()

// isScalar reports whether values of t come from one scalar, or read themselves in a way of their own.
func isScalar(t reflect.Type) bool {
	_, yaml := reflect.PointerTo(t).MethodByName("UnmarshalYAML")
	return yaml || reflect.PointerTo(t).Implements(textType)
}

func kindOf(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[providers.Secret]():
		return "secret"
	case reflect.TypeFor[providers.Size]():
		return "size"
	case reflect.TypeFor[providers.Strings]():
		return "list, or text with commas"
	case reflect.TypeFor[time.Duration]():
		return "duration"
	case reflect.TypeFor[http.Outputs]():
		return "mapping, or list of mappings"
	}
	switch {
	case t.Kind() == reflect.Map:
		return "map of " + kindOf(t.Elem())
	case isScalar(t):
		return "text"
	case t.Kind() == reflect.Slice:
		return "list of " + kindOf(t.Elem())
	case t.Kind() == reflect.Interface:
		return "anything"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Bool:
		return "true or false"
	}
	return "number"
}

// fallbackOf spells the default of a key; empty if there is none.
func fallbackOf(v reflect.Value) string {
	if v.IsZero() && v.Kind() != reflect.Bool && v.Type() != reflect.TypeFor[time.Duration]() {
		if text, ok := v.Interface().(encoding.TextMarshaler); !ok || v.Kind() != reflect.Int64 || isSecret(text) {
			return ""
		}
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		if v.Len() == 0 {
			return ""
		}
	}
	value := v.Interface()
	if isSecret(value) {
		return ""
	}
	if text, ok := value.(encoding.TextMarshaler); ok {
		spelled, _ := text.MarshalText()
		return "`" + string(spelled) + "`"
	}
	return "`" + fmt.Sprint(value) + "`"
}

func isSecret(v any) bool {
	_, secret := v.(providers.Secret)
	return secret
}
