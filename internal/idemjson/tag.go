package idemjson

import (
	"reflect"
	"strings"
	"unicode"
)

// inlined returns the struct that f embeds without giving it a name.
func inlined(f reflect.StructField) (inner reflect.Type, ok bool) {
	tag := f.Tag.Get("json")
	name, _, _ := strings.Cut(tag, ",")
	inner = pointee(f.Type)
	return inner, f.Anonymous && inner.Kind() == reflect.Struct && tag != "-" && !isKeyName(name)
}

// newField reads the tag of f. ok is false if f is not written.
func newField(f reflect.StructField, index []int) (_ field, ok bool) {
	tag := f.Tag.Get("json")
	embedsStruct := f.Anonymous && pointee(f.Type).Kind() == reflect.Struct
	if tag == "-" || !f.IsExported() && !embedsStruct {
		return field{}, false
	}
	name, options, _ := strings.Cut(tag, ",")
	out := field{name: name, index: index, tagged: isKeyName(name)}
	if !out.tagged {
		out.name = f.Name
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			out.omitEmpty = true
		case "omitzero":
			out.omitZero = true
		case "string":
			out.quoted = isScalar(pointee(f.Type).Kind())
		}
	}
	key, _ := appendString(nil, out.name)
	out.spelled = append(key, ": "...)
	return out, true
}

// pointee returns what an unnamed pointer type leads to, and any other type itself.
func pointee(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		return t.Elem()
	}
	return t
}

func isScalar(k reflect.Kind) bool {
	return reflect.Bool <= k && k <= reflect.Float64 || k == reflect.String
}

// isKeyName reports whether encoding/json takes the name of a tag: letters, digits and most of ASCII's punctuation.
func isKeyName(name string) bool {
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && (r < ' ' || r > '~' || strings.ContainsRune("\"'\\`,", r)) {
			return false
		}
	}
	return name != ""
}
