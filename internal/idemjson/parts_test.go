package idemjson_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/idemjson"
)

func TestParts(t *testing.T) {
	for text, want := range map[string][][2]string{
		`[]`: nil, `{}`: nil, `1`: nil, `"[1]"`: nil, `null`: nil, ``: nil,
		`[1, -2.5e3, true, null, "a, b]"]`: {{"", "1"}, {"", "-2.5e3"}, {"", "true"}, {"", "null"}, {"", `"a, b]"`}},
		`[[1, [2]], {"a": [3]}, {}, []]`:   {{"", "[1, [2]]"}, {"", `{"a": [3]}`}, {"", "{}"}, {"", "[]"}},
		`{"a\"}": "\\", "": 1, "b": {"c": "}, \"", "d": [1]}}`: {
			{`"a\"}"`, `"\\"`}, {`""`, "1"}, {`"b"`, `{"c": "}, \"", "d": [1]}`},
		},
		`{"a": 1}`: {{`"a"`, "1"}},
		`[7]`:      {{"", "7"}},
	} {
		var got [][2]string
		parts := idemjson.Parts([]byte(text))
		for _, p := range parts {
			got = append(got, [2]string{string(p.Key), string(p.Value)})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
		again := text
		switch {
		case strings.HasPrefix(text, "{"):
			again = string(idemjson.AppendObjectOf(nil, parts))
		case strings.HasPrefix(text, "["):
			again = string(idemjson.AppendArrayOf(nil, parts))
		}
		if again != text {
			t.Errorf("%s became %s", text, again)
		}
	}
}

func TestUnquoted(t *testing.T) {
	file, err := os.Open("testdata/golden.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	texts := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var row [3]string
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		spelled := row[2]
		var want string
		if row[0] != "text" || spelled[0] != '"' || json.Unmarshal([]byte(spelled), &want) != nil {
			continue
		}
		if strings.Contains(want, "\ufffd") {
			continue // encoding/json makes this of a lone surrogate
		}
		if got, err := idemjson.AppendUnquoted([]byte(">"), []byte(spelled)); err != nil || string(got) != ">"+want {
			t.Errorf("%s is %q, %v; want %q", spelled, got, err, want)
		}
		texts++
	}
	if texts < 100 {
		t.Errorf("only %d strings", texts)
	}
	for quoted, want := range map[string]string{
		`"\ud83d\ude00"`: "😀", `"\ufffd"`: "\ufffd", `"\b\f\n\r\t\"\\\u0000"`: "\b\f\n\r\t\"\\\x00", `""`: "", `"\\ud800"`: `\ud800`,
	} {
		if got, err := idemjson.AppendUnquoted(nil, []byte(quoted)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", quoted, got, err)
		}
	}
	for _, lone := range []string{`"\ud800"`, `"a\udc00b"`, `"\ud83d\ud83d\ude00"`} {
		if got, err := idemjson.AppendUnquoted([]byte("kept"), []byte(lone)); err == nil || string(got) != "kept" {
			t.Errorf("%s: %q, %v", lone, got, err)
		}
	}
}
