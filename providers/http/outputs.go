package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evhub/evhub/providers"
)

// Outputs is the body of a request as names with a value each: what the receiver wants to have, under the names that
// it has for it.
//
// A value that is a text and starts with a dollar sign is a path into the body that the entry's format makes of the
// event: $ is the whole of it, $.message.state is "state" in "message", and $.message.results.0 the first element of
// a list. A dot or backslash in a name has a backslash before it. What a path leads to is taken over as it is spelled
// there, whatever it is; if it leads nowhere the value is null. $$ begins a text that starts with a dollar sign. Every
// other value is a constant: a text, a number, true, false, null, a list or a mapping.
type Outputs []Output

// Output is one name of the body and its value.
type Output struct {
	Name  string
	Value any
}

// UnmarshalYAML accepts a mapping, whose names are sent in the order of the alphabet, and a list of mappings, which are
// sent in that order.
func (o *Outputs) UnmarshalYAML(unmarshal func(any) error) error {
	var list []map[string]any
	if unmarshal(&list) != nil {
		var one map[string]any
		if err := unmarshal(&one); err != nil {
			return errors.New("want a mapping of names to values, or a list of such mappings")
		}
		list = []map[string]any{one}
	}
	*o = nil
	for _, m := range list {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			*o = append(*o, Output{name, m[name]})
		}
	}
	return nil
}

// output is a checked Output.
type output struct {
	name     []byte // as JSON, with what stands before it in the body
	path     []string
	constant []byte // as JSON; nil: it is at path
}

// compile checks o.
func (o Outputs) compile() ([]output, error) {
	var compiled []output
	var errs []error
	seen := map[string]bool{}
	for i, out := range o {
		one, err := out.compile()
		if err == nil && seen[out.Name] {
			err = errors.New("is given twice")
		}
		if err != nil {
			errs = append(errs, providers.Invalid("outputs."+out.Name, "%w", err))
			continue
		}
		seen[out.Name] = true
		one.name = slices.Concat([]byte(map[bool]string{true: "{", false: ", "}[i == 0]), asJSON(out.Name), []byte(": "))
		compiled = append(compiled, one)
	}
	return compiled, errors.Join(errs...)
}

func (o Output) compile() (output, error) {
	text, isText := o.Value.(string)
	if !isText || !strings.HasPrefix(text, "$") {
		constant := asJSON(o.Value)
		if constant == nil {
			return output{}, errors.New("has a value that JSON cannot express")
		}
		return output{constant: constant}, nil
	}
	if rest, ok := strings.CutPrefix(text, "$$"); ok {
		return output{constant: asJSON("$" + rest)}, nil
	}
	path, ok := parsePath(text)
	if !ok {
		return output{}, errors.New("is no path: write $.name, $.name.name or $.list.0, $ for everything, or $$ where a text starts with a dollar sign")
	}
	return output{path: path}, nil
}

// asJSON returns v as JSON; nil if it cannot be.
func asJSON(v any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(v) != nil {
		return nil
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

var errNotJSON = errors.New("the event's body is not JSON, of which outputs could take parts")

// content returns the body of the request for m, and its type. An error is the outcome of m.
func (c *client) content(m *providers.Message) (content []byte, contentType string, err error) {
	if len(c.outputs) == 0 {
		return m.Body, m.ContentType, nil
	}
	if !isJSON(m.ContentType) || !json.Valid(m.Body) {
		return nil, "", providers.Permanent(c.failed(fmt.Errorf("%w (its type is %q)", errNotJSON, m.ContentType)))
	}
	for _, o := range c.outputs {
		content = append(content, o.name...)
		content = append(content, o.of(m.Body)...)
	}
	return append(content, '}'), "application/json", nil
}

// of returns the value of o for an event with that body.
func (o output) of(body []byte) []byte {
	if o.constant != nil {
		return o.constant
	}
	if value := lookUp(body, o.path); value != nil {
		return value
	}
	return []byte("null")
}

// isJSON reports whether bodies of that media type are JSON.
func isJSON(contentType string) bool {
	return contentType == "application/json" || strings.HasSuffix(contentType, "+json")
}
