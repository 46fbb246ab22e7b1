package acct

import (
	"encoding"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// funcUnmarshaler is the form of yaml.Unmarshaler that needs no YAML package.
type funcUnmarshaler interface {
	UnmarshalYAML(unmarshal func(any) error) error
}

var errLeaf = errors.New("the value is not valid here")

func isLeaf(v reflect.Value) bool {
	if !v.CanAddr() {
		return false
	}
	switch v.Addr().Interface().(type) {
	case funcUnmarshaler, yaml.Unmarshaler, encoding.TextUnmarshaler:
		return true
	}
	return false
}

// leaf fills v if its type reads itself, and reports whether it does.
func (d *decoder) leaf(n *yaml.Node, key string, v reflect.Value) bool {
	inner := decoder{file: d.file}
	var err error
	switch u := v.Addr().Interface().(type) {
	case yaml.Unmarshaler:
		if resolved := inner.resolved(n, key); len(inner.errs) == 0 {
			err = u.UnmarshalYAML(resolved)
		}
	case funcUnmarshaler:
		err = inner.attempts(u, n, key)
	case encoding.TextUnmarshaler:
		if text, ok := inner.text(n, key, "a single value"); ok {
			err = u.UnmarshalText([]byte(text))
		}
	default:
		return false
	}
	d.errs = append(d.errs, inner.errs...)
	d.texts = append(d.texts, inner.texts...)
	d.leafError(n, key, err, inner.texts)
	return true
}

// attempts lets u read itself from n. u may try one form after another and say in the end which it wants. That hides
// why the right form failed, so errors about an element of n or a reference count more than u's own.
func (d *decoder) attempts(u funcUnmarshaler, n *yaml.Node, key string) error {
	var telling []error
	err := u.UnmarshalYAML(func(into any) error {
		try := decoder{file: d.file}
		try.value(n, key, reflect.ValueOf(into).Elem())
		d.texts = append(d.texts, try.texts...)
		for _, e := range try.errs {
			if at, _ := errors.AsType[*Error](e); errors.As(e, new(*referenceError)) || at.Key != key {
				telling = append(telling, e)
			}
		}
		return errors.Join(try.errs...)
	})
	if err != nil && len(telling) > 0 {
		return errors.Join(telling...)
	}
	return err
}

// leafError records the error of a type that read itself: as it is if it consists of ours, which have their places,
// else placed at n and without the values that the type was given, as they may be secrets.
func (d *decoder) leafError(n *yaml.Node, key string, err error, texts []string) {
	switch ours := placed(err); {
	case err == nil:
	case len(ours) > 0:
		d.errs = append(d.errs, ours...)
	default:
		d.errs = append(d.errs, d.file.errorAt(n, key, withoutValues(err, texts)))
	}
}

// placed returns the elements of err if all of them are *Errors; else nil.
func placed(err error) []error {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, e := range all {
		if _, ok := e.(*Error); !ok { //nolint:errorlint // one that is wrapped says more than its *Error
			return nil
		}
	}
	return all
}

// withoutValues returns err, or what can be told of it without quoting any of texts.
func withoutValues(err error, texts []string) error {
	message := err.Error()
	if strings.Contains(message, "yaml: ") {
		return errLeaf // yaml.v3 quotes what it cannot decode
	}
	for _, text := range texts {
		message = strings.ReplaceAll(message, strconv.Quote(text), "the value")
		// Shorter ones stand in every sentence.
		if len(text) > 3 && strings.Contains(message, text) {
			return errLeaf
		}
	}
	if message == err.Error() {
		return err
	}
	return errors.New(message)
}

// resolved returns a copy of n without aliases and references.
func (d *decoder) resolved(n *yaml.Node, key string) *yaml.Node {
	n = deref(n)
	_, isReference := referenceIn(n)
	if isReference || n.Kind == yaml.ScalarNode {
		text, _ := d.text(n, key, "a single value")
		if isReference {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Line: n.Line, Column: n.Column}
		}
		bare := *n
		bare.Anchor = ""
		return &bare
	}
	bare := *n
	bare.Anchor, bare.Content = "", nil
	if n.Kind == yaml.SequenceNode {
		for i, e := range n.Content {
			bare.Content = append(bare.Content, d.resolved(e, element(key, i)))
		}
		return &bare
	}
	for _, p := range pairs(n) {
		name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.key, Line: p.at.Line, Column: p.at.Column}
		bare.Content = append(bare.Content, name, d.resolved(p.value, below(key, p.key)))
	}
	return &bare
}
