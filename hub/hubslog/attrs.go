package hubslog

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"
)

// scope is what WithAttrs and WithGroup have gathered. It is immutable; nil is the outermost one.
type scope struct {
	outer *scope
	group string // "" for the outermost
	attrs []byte // members of a JSON object, without braces
	// about is the destination that a hub's logger belongs to; see aboutKey.
	about string
}

// aboutKey is what the hub logs a destination's name under.
const aboutKey = "destination"

func (s *scope) destination() string {
	if s == nil {
		return ""
	}
	return s.about
}

// with returns s with attrs added. They are encoded here, so that later changes of their values are not seen.
func (s *scope) with(attrs []slog.Attr) *scope {
	var added scope
	if s != nil {
		added = *s
	}
	added.attrs = slices.Clip(added.attrs)
	for _, a := range attrs {
		added.attrs = appendMember(added.attrs, a)
		added.note(a)
	}
	return &added
}

func (s *scope) note(a slog.Attr) {
	if a.Key == aboutKey {
		s.about = a.Value.Resolve().String()
	}
}

// members returns all attributes of r as members of a JSON object, and the destination that they are about.
func (s *scope) members(r slog.Record) (members []byte, about string) {
	inner := scope{about: s.destination()}
	r.Attrs(func(a slog.Attr) bool {
		inner.attrs = appendMember(inner.attrs, a)
		inner.note(a)
		return true
	})
	members = inner.attrs
	for ; s != nil; s = s.outer {
		members = joined(s.attrs, members)
		if s.group != "" && len(members) > 0 {
			members = appendObject(appendKey(nil, s.group), members)
		}
	}
	return members, inner.about
}

func joined(a, b []byte) []byte {
	if len(a) == 0 || len(b) == 0 {
		return append(slices.Clip(a), b...)
	}
	return slices.Concat(a, []byte(", "), b)
}

// appendMember appends a, or nothing if a is empty. A group without a name is its members.
func appendMember(dst []byte, a slog.Attr) []byte {
	value := a.Value.Resolve()
	if a.Key == "" && value.Equal(slog.Value{}) {
		return dst
	}
	if value.Kind() != slog.KindGroup {
		return appendValue(appendKey(separated(dst), a.Key), value)
	}
	var members []byte
	for _, member := range value.Group() {
		members = appendMember(members, member)
	}
	switch {
	case len(members) == 0:
		return dst
	case a.Key == "":
		return append(separated(dst), members...)
	}
	return appendObject(appendKey(separated(dst), a.Key), members)
}

func separated(dst []byte) []byte {
	if len(dst) > 0 {
		dst = append(dst, ", "...)
	}
	return dst
}

func appendKey(dst []byte, key string) []byte { return append(appendText(dst, key), ": "...) }

func appendObject(dst, members []byte) []byte {
	return append(append(append(dst, '{'), members...), '}')
}

func appendText(dst []byte, text string) []byte {
	quoted, _ := json.Marshal(text) // a string always has an encoding
	return append(dst, quoted...)
}

func appendValue(dst []byte, v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindDuration:
		return appendText(dst, v.Duration().String())
	case slog.KindTime:
		return appendText(dst, v.Time().Format(time.RFC3339Nano))
	case slog.KindFloat64:
		if f := v.Float64(); math.IsNaN(f) || math.IsInf(f, 0) {
			return appendText(dst, v.String())
		}
	}
	return appendAny(dst, v.Any())
}

// appendAny appends what encoding/json makes of v, an error as its text, and the text of what has no encoding.
func appendAny(dst []byte, v any) (text []byte) {
	defer func() {
		if cause := recover(); cause != nil { // a method of v: logging is no reason to die
			text = appendText(dst, fmt.Sprintf("!PANIC: %v", cause))
		}
	}()
	if err, ok := v.(error); ok {
		if _, spelled := v.(json.Marshaler); !spelled {
			return appendText(dst, err.Error())
		}
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		return appendText(dst, fmt.Sprintf("!ERROR: %v", err))
	}
	return append(dst, encoded...)
}
