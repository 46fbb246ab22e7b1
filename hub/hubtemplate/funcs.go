package hubtemplate

import (
	"context"
	"errors"
	"fmt"
	"text/template"

	"github.com/evhub/evhub/hub"
)

// Hub takes the events that templates fire. A *hub.Hub is one.
type Hub interface {
	Put(ctx context.Context, e hub.Event) error
	PutNowait(e hub.Event) error
}

// New returns a template of that name with Funcs, for which a key that a map does not have is an error.
func New(ctx context.Context, h Hub, name string) *template.Template {
	return template.New(name).Option("missingkey=error").Funcs(Funcs(ctx, h))
}

// Funcs returns the functions that fire events through h, and those that make their bodies, for text/template and
// html/template. ctx is that of every Put. They are safe for concurrent use.
func Funcs(ctx context.Context, h Hub) template.FuncMap {
	return template.FuncMap{
		"put": func(body any, more ...any) (string, error) {
			return fire(func(e hub.Event) error { return h.Put(ctx, e) }, body, more)
		},
		"putNowait": func(body any, more ...any) (string, error) { return fire(h.PutNowait, body, more) },
		"dict":      dict,
		"list":      func(values ...any) []any { return append([]any{}, values...) },
		"fromJSON":  ParseJSON,
		"toJSON":    toJSON,
	}
}

// fire puts an event and returns the text that stands in its place: none.
func fire(put func(hub.Event) error, body any, more []any) (string, error) {
	e := hub.Event{Body: body}
	if len(more) > 2 {
		return "", errors.New("want a body, a profile and tags, and nothing behind them")
	}
	if len(more) > 0 {
		profile, ok := more[0].(string)
		if !ok {
			return "", fmt.Errorf("the profile, behind the body, must be a text, not %T", more[0])
		}
		e.Profile = profile
	}
	if len(more) > 1 {
		e.Tags = more[1]
	}
	return "", put(e)
}

func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("want a value behind each key")
	}
	d := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("a key must be a text, not %T", pairs[i])
		}
		if _, again := d[key]; again {
			return nil, fmt.Errorf("the key %q is there twice", key)
		}
		d[key] = pairs[i+1]
	}
	return d, nil
}
