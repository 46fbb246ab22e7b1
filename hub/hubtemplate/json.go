package hubtemplate

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
)

// ParseJSON returns the value of a JSON text as templates can use it: whole numbers are ints, so that eq and printf take
// them, others float64. Those that neither can hold keep their digits, as json.Number.
func ParseJSON(text string) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("there is no value")
		}
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something behind the value")
	}
	return usable(v), nil
}

// usable replaces the numbers in v.
func usable(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			v[key] = usable(member)
		}
	case []any:
		for i, element := range v {
			v[i] = usable(element)
		}
	case json.Number:
		if i, err := v.Int64(); err == nil && i >= math.MinInt && i <= math.MaxInt {
			return int(i)
		}
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), ".eE") {
			return f
		}
	}
	return v
}

func toJSON(v any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return strings.TrimSuffix(text.String(), "\n"), err
}
