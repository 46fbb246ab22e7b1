package acct

import (
	"errors"
	"fmt"
	"reflect"

	"gopkg.in/yaml.v3"
)

var errMissingElement = errors.New("an empty list element; give it a value or remove it")

// decoder fills Go values from nodes and collects what is wrong.
type decoder struct {
	file *File
	errs []error
	// texts are the single values that were handed out, so that the errors of leaves can be kept from quoting them.
	texts []string
}

func (d *decoder) failf(n *yaml.Node, key, format string, args ...any) {
	d.errs = append(d.errs, d.file.errorf(n, key, format, args...))
}

// structs fills every one of targets from mapping n.
func (d *decoder) structs(n *yaml.Node, path string, targets ...reflect.Value) {
	known := fieldsOf(targets...)
	for _, p := range pairs(n) {
		key := below(path, p.key)
		if len(known[p.key]) == 0 {
			d.errs = append(d.errs, d.file.errorAt(p.at, key, d.unknownKey(p.key, known)))
		}
		for _, field := range known[p.key] {
			d.value(p.value, key, field)
		}
	}
}

// unknownKey searches for what was meant only as long as the error will be shown.
func (d *decoder) unknownKey(key string, known fields) error {
	if len(d.errs) >= maxErrors {
		return ErrUnknownKey
	}
	return unknownKey(key, known)
}

// value fills v from n; null leaves it as it is.
func (d *decoder) value(n *yaml.Node, key string, v reflect.Value) {
	n = deref(n)
	switch {
	case isNull(n):
	case v.Kind() == reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		if !v.IsNil() {
			fresh.Elem().Set(v.Elem())
		}
		d.value(n, key, fresh.Elem())
		v.Set(fresh)
	case d.leaf(n, key, v):
	case v.Kind() == reflect.Struct:
		if d.wantKind(n, key, yaml.MappingNode, "a mapping") {
			d.structs(n, key, v)
		}
	case v.Kind() == reflect.Map:
		if d.wantKind(n, key, yaml.MappingNode, "a mapping") {
			d.mapping(n, key, v)
		}
	case v.Kind() == reflect.Slice:
		if d.wantKind(n, key, yaml.SequenceNode, "a list such as [a, b]") {
			d.slice(n, key, v)
		}
	case v.Kind() == reflect.Interface && v.NumMethod() == 0:
		if plain := d.plain(n, key); plain != nil {
			v.Set(reflect.ValueOf(plain))
		}
	default:
		d.scalar(n, key, v)
	}
}

func (d *decoder) wantKind(n *yaml.Node, key string, kind yaml.Kind, want string) bool {
	if n.Kind != kind {
		d.failf(n, key, "want %s, not %s", want, describe(n))
	}
	return n.Kind == kind
}

// mapping merges n into v, a map. The old map is copied, for it may be a default that others share.
func (d *decoder) mapping(n *yaml.Node, path string, v reflect.Value) {
	t := v.Type()
	if t.Key().Kind() != reflect.String {
		panic(fmt.Sprintf("acct: cannot decode into %s: its keys are no strings", t))
	}
	merged := reflect.MakeMap(t)
	for old := v.MapRange(); old.Next(); {
		merged.SetMapIndex(old.Key(), old.Value())
	}
	for _, p := range pairs(n) {
		key := reflect.ValueOf(p.key).Convert(t.Key())
		elem := reflect.New(t.Elem()).Elem()
		if old := merged.MapIndex(key); old.IsValid() {
			elem.Set(old)
		}
		d.value(p.value, below(path, p.key), elem)
		merged.SetMapIndex(key, elem)
	}
	v.Set(merged)
}

// slice replaces v by the elements of n.
func (d *decoder) slice(n *yaml.Node, path string, v reflect.Value) {
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, e := range n.Content {
		key := element(path, i)
		if isNull(deref(e)) {
			d.failf(e, key, "%w", errMissingElement)
			continue
		}
		d.value(e, key, list.Index(i))
	}
	v.Set(list)
}

// plain returns n as the value of an any: map[string]any, []any, string, bool, int, float64 or nil.
func (d *decoder) plain(n *yaml.Node, key string) any {
	n = deref(n)
	_, isReference := referenceIn(n)
	switch {
	case n.Kind == yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, e := range n.Content {
			list[i] = d.plain(e, element(key, i))
		}
		return list
	case n.Kind == yaml.MappingNode && !isReference:
		m := make(map[string]any)
		for _, p := range pairs(n) {
			m[p.key] = d.plain(p.value, below(key, p.key))
		}
		return m
	case isNull(n):
		return nil
	}
	text, _ := d.text(n, key, "a value")
	switch n.ShortTag() {
	case "!!bool", "!!int", "!!float":
		var v any
		if n.Decode(&v) != nil {
			d.failf(n, key, "the value does not fit its tag %s", n.ShortTag())
		}
		return v
	}
	return text
}
