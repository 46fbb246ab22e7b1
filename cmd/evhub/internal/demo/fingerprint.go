package demo

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/evhub/evhub/hub"
)

// fingerprint returns what two bodies in Idem's format have in common if and only if they are the same event.
func fingerprint(body []byte) string {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Sprintf("no JSON: %.100q", body)
	}
	return canonical(v)
}

// fingerprintOf returns the fingerprint that the body of e must have at every destination.
func fingerprintOf(e hub.Event) string {
	tags := object{}
	if given, ok := e.Tags.(object); ok {
		maps.Copy(tags, given)
	}
	return canonical(object{"tags": tags, "message": e.Body, "run_name": e.RunName})
}

func canonical(v any) string {
	text, _ := json.Marshal(v) // it came from JSON, or is made of such values
	return string(text)
}
