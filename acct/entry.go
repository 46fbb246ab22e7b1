package acct

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Entry is one pattern with its settings: one connection of a provider.
type Entry struct {
	// Section is the top-level key as written: a provider's name or alias.
	Section string
	// Pattern is the text of the entry's key. It may be empty.
	Pattern string
	// Line is the line of the pattern. 0: unknown, as in encrypted files.
	Line int

	file     *File
	path     string // of the entry, for errors
	at       *yaml.Node
	settings *yaml.Node // a mapping, or null
}

// Decode fills structs from the entry; into are pointers to them. Keys are matched by `yaml` tags. A key that belongs
// to several of the structs fills each, a key that belongs to none is an error. Fields that the entry does not
// mention, or gives as null, keep their values.
//
// Fields may be strings, booleans, numbers, time.Duration (with a unit, as in "30s"), nested structs, structs with
// `yaml:",inline"`, maps with string keys (merged into what the field holds), slices (replaced), pointers, and any.
// Types that implement encoding.TextUnmarshaler, UnmarshalYAML(func(any) error) error or yaml.Unmarshaler read
// themselves. References are resolved wherever a single value is expected, in an any too.
//
// All mistakes are returned at once, joined *Errors; of over a hundred only the first. Decode panics if into holds anything else than pointers to
// structs, or a field has a type that no setting can fill.
func (e Entry) Decode(into ...any) error {
	d := decoder{file: e.file}
	structs := make([]reflect.Value, len(into))
	for i, target := range into {
		structs[i] = reflect.ValueOf(target)
		if structs[i].Kind() != reflect.Pointer || structs[i].Elem().Kind() != reflect.Struct {
			panic(fmt.Sprintf("acct: Decode into %T, which is no pointer to a struct", target))
		}
		structs[i] = structs[i].Elem()
	}
	d.structs(e.settings, e.path, structs...)
	return e.file.join(d.errs)
}

// ErrorAt returns err as an *Error at key, a path below the entry such as "connection.sasl_mechanism" or "topics[2]".
// The line is that of the deepest part of the path that the entry has. An empty key means the entry itself.
func (e Entry) ErrorAt(key string, err error) *Error {
	at, value := e.at, e.settings
	for rest := key; rest != ""; {
		var key, next *yaml.Node
		key, next, rest = step(value, rest)
		if next == nil {
			break
		}
		at, value = key, next
	}
	path := e.path
	if key != "" {
		path += "." + key
	}
	return &Error{File: e.file.Name, Line: at.Line, Key: path, Err: err}
}

// step finds the longest key of n that path begins with, for keys may contain dots, or the list element that it
// begins with. It returns the node that has the line, the value there (nil: not found), and the rest of the path.
func step(n *yaml.Node, path string) (at, value *yaml.Node, rest string) {
	switch n.Kind {
	case yaml.MappingNode:
		length := -1
		for _, p := range pairs(n) {
			after, ok := strings.CutPrefix(path, p.key)
			if ok && len(p.key) > length && (after == "" || after[0] == '.' || after[0] == '[') {
				length, at, value, rest = len(p.key), p.at, p.value, strings.TrimPrefix(after, ".")
			}
		}
	case yaml.SequenceNode:
		index, after, _ := strings.Cut(strings.TrimPrefix(path, "["), "]")
		if i, err := strconv.Atoi(index); err == nil && i >= 0 && i < len(n.Content) {
			value = deref(n.Content[i])
			return n.Content[i], value, strings.TrimPrefix(after, ".")
		}
	}
	return at, value, rest
}
