package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/evhub/evhub/hub/hubtemplate"
)

// templateData returns the object of --data with what --set adds. template is where the template is read from.
func (f *renderFlags) templateData(template string, c console) (map[string]any, error) {
	if f.data == "-" && template == "-" {
		return nil, errors.New("the template and --data cannot both be standard input")
	}
	data, err := f.object(c)
	if err != nil {
		return nil, err
	}
	for _, pair := range f.set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--set %q: want key=value", pair)
		}
		data[key] = value
	}
	return data, nil
}

// object returns the object of --data. What begins with a brace is JSON; no file is named like that.
func (f *renderFlags) object(c console) (map[string]any, error) {
	text, where := f.data, "--data"
	switch {
	case f.data == "":
		return map[string]any{}, nil
	case !strings.HasPrefix(strings.TrimLeft(f.data, blanks), "{"):
		var err error
		if text, err = readInput(f.data, c); err != nil {
			return nil, fmt.Errorf("--data: neither a JSON object nor a file that can be read: %w", err)
		}
		where += " " + f.data
	}
	value, err := hubtemplate.ParseJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%s: not JSON: %w", where, err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf(`%s: want a JSON object such as {"hosts": ["web1"]}`, where)
	}
	return object, nil
}
