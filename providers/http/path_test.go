package http_test

import (
	"encoding/json"
	"reflect"
	"testing"

	evhttp "github.com/evhub/evhub/providers/http"
)

// FuzzLookUp looks for documents in which another value is found than encoding/json finds there.
func FuzzLookUp(f *testing.F) {
	f.Add(event, "message")
	f.Add(`{"a":[1,{"b":2}]}`, "a")
	f.Add(` { "b" : 1 , "a" : "}" , "b":"\"" } `, "b")
	f.Add(`{"":1e400}`, "")
	f.Fuzz(func(t *testing.T, document, name string) {
		var object map[string]json.RawMessage
		if json.Unmarshal([]byte(document), &object) != nil {
			t.Skip()
		}
		want, found := object[name]
		got := evhttp.LookUp([]byte(document), []string{name})
		if found != (got != nil) || !reflect.DeepEqual([]byte(want), got) {
			t.Errorf("%q in %s: %q, want %q", name, document, got, want)
		}
	})
}
