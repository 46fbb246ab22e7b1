package eventline_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/evhub/evhub/internal/eventline"
)

// FuzzArray checks that an array has the elements that encoding/json finds in it, and that nothing else is one.
func FuzzArray(f *testing.F) {
	for _, text := range []string{
		"[]", " [ ] ", "[1]", `[1, "a,]\"", {"b": [2, {"c": "}"}]}, null ]`, `[[],[[]],{}]`, `["\\"]`, `[1,]`, `[1 2]`, `[1][2]`, "{}", "", "1", "[", "]",
		"[1}", `["]`, "[,]", "\t[\n1\r,2 ]\n", strings.Repeat("[", 20_000), `["` + "\xff" + `"]`, "nul", "[tru]",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want []json.RawMessage
		err := json.Unmarshal(text, &want)
		ok := err == nil && strings.TrimLeft(string(text), " \t\r\n")[0] == '['
		got, err := eventline.Array(text, len(text))
		if (err == nil) != ok || ok && !eventline.IsArray(text) {
			t.Fatalf("%q: %v; is an array: %v", text, err, ok)
		}
		if ok && len(got) != len(want) {
			t.Fatalf("%q: %d elements, want %d", text, len(got), len(want))
		}
		for i := range got {
			if got := strings.Trim(string(got[i]), " \t\r\n"); got != string(want[i]) {
				t.Errorf("%q: element %d is %q, want %q", text, i, got, want[i])
			}
		}
	})
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		`{"body": null}`:                 "",
		" {\"body\" : [1] } \n":          "",
		`{"body": 1}`:                    "",
		`{"\u0062ody": 1}`:               "",
		`{"body": 1, "Body": 2}`:         `unknown key "Body"`,
		`{"body": 1, "body": 2}`:         `"body" is there twice`,
		`{"body": 1, "\u0062ody": 2}`:    `"body" is there twice`,
		`{"body": 1, "body_base64": ""}`: "are both there",
		`{"profile": "p"}`:               `no "body" in the event`,
		`[1]`:                            "want a JSON object",
		`{"body": 1} 2`:                  "behind the JSON object",
		`{"body": 1`:                     "ends too early",
	} {
		_, err := eventline.Parse([]byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestArraysHaveABound(t *testing.T) {
	for most, want := range map[int]error{2: eventline.ErrTooMany, 3: nil} {
		if got, err := eventline.Array([]byte("[1, 2, 3]"), most); !errors.Is(err, want) || err == nil && len(got) != 3 {
			t.Errorf("%d: %q, %v", most, got, err)
		}
	}
}
