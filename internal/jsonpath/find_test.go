package jsonpath_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/jsonpath"
)

func set(t testing.TB, paths ...string) *jsonpath.Set {
	t.Helper()
	var parsed []jsonpath.Path
	for _, text := range paths {
		p, err := jsonpath.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		parsed = append(parsed, p)
	}
	return jsonpath.NewSet(parsed)
}

// find returns what the paths lead to, "-" for nothing.
func find(t testing.TB, text string, paths ...string) []string {
	var found []string
	for _, v := range set(t, paths...).Find(nil, []byte(text)) {
		if v == nil {
			v = []byte("-")
		}
		found = append(found, string(v))
	}
	return found
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		text, path, want string
	}{
		{`{"a": 1}`, "a", "1"},
		{`{"a": 1}`, "", `{"a": 1}`},
		{`5`, "", "5"},
		{` "x" `, "", `"x"`},
		{`5`, "a", "-"},
		{`{}`, "a", "-"},
		{`[]`, "0", "-"},
		{` { "a" : [ 1 , { "b" : true } ] } `, "a.1.b", "true"},
		{`{"a": {"b": null}, "c": 1}`, "a.b", "null"},
		{`{"x": {"a": 1}, "a": {"b": 2}}`, "a.b", "2"},
		{`{"x": "}]\\\"{", "a": 1.50}`, "a", "1.50"},
		{`{"x": "\\", "a": "\\\\"}`, "a", `"\\\\"`},
		{`{"x": [[{}], "]"], "a": -1e5}`, "a", "-1e5"},
		{`{"a": 1, "a": 2}`, "a", "2"},
		{`{"a": {"b": 1}, "a": {"c": 2}}`, "a.b", "-"},
		{`{"a": {"b": 1}, "a": 2}`, "a.b", "-"},
		{`{"a.b": 1, "a": {"b": 2}}`, `"a.b"`, "1"},
		{`{"a.b": 1, "a": {"b": 2}}`, `a.b`, "2"},
		{`{"a": {"0": 1}}`, "a.0", "1"},
		{`{"a": [1]}`, "a.0", "1"},
		{`{"a": [1]}`, `a."0"`, "-"},
		{`{"a[0]": 1}`, `"a[0]"`, "1"},
		{`{"a": [1]}`, "a.00", "-"},
		{`{"a": [1]}`, "a.-1", "-"},
		{`[[1, 2], [3, 4]]`, "1.0", "3"},
		{`{"\u00e9": 1}`, "é", "1"},
		{`{"": {"": 7}}`, `"".""`, "7"},
		{`{"a\"b": 1}`, `"a\"b"`, "1"},
		{`{"A": 1}`, "a", "-"},
		{"\r\n{\n\t\"a\"\t:\r\n[\n1\t,\n2\r]\n,\t\"b\": 3 }\n", "a.1", "2"},
	} {
		if got := find(t, c.text, c.path)[0]; got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.path, c.text, got, c.want)
		}
	}
}

func TestFindManyAtOnce(t *testing.T) {
	got := find(t, `{"a": {"b": [1, {"c": 2}]}, "d": 3}`, "d", "a.b.1.c", "a.b", "a.b.0", "x", "a.b.1.c", `a."b"`)
	want := []string{"3", "2", `[1, {"c": 2}]`, "1", "-", "2", `[1, {"c": 2}]`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	before := [][]byte{[]byte("kept")}
	if all := set(t, "a").Find(before, []byte(`{"a": 1}`)); string(all[0]) != "kept" || string(all[1]) != "1" {
		t.Errorf("appended: %q", all)
	}
	text := []byte(`{"a": 1}`)
	if _ = append(set(t, "a").Find(nil, text)[0], "x"...); string(text) != `{"a": 1}` {
		t.Errorf("appending to an answer has changed the text: %s", text)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		".a": "missing", "a.": "missing", "a..b": "missing", `"a`: "quotes", `"a\"`: "quotes", `"a"b`: "want a dot behind", `a"b`: "quotes",
		"a[0].b": "results.0", "a[*]": "results.0", "a. b": "quotes", `"\x"`: "quotes", "a\xff": "quotes", "\"\xff\"": "quotes", strings.Repeat("a.", 64) + "a": "at most 64",
	} {
		if _, err := jsonpath.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := jsonpath.Parse(strings.Repeat("a.", 63) + "a"); err != nil {
		t.Error(err)
	}
}

func TestScalar(t *testing.T) {
	for value, want := range map[string]string{
		`"x"`: "x", `""`: "", `"\u00e9\n"`: "é\n", `1.50`: "1.50", `true`: "true", `null`: "null", `"null"`: "null", `{}`: "-", `[1]`: "-", ``: "-",
	} {
		got, ok := jsonpath.Scalar([]byte(value))
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%s is %q, want %q", value, got, want)
		}
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	s, text := set(t, "a.b", "c"), []byte(`{"a": {"b": "x"}, "c": 1}`)
	space := make([][]byte, 0, 2)
	if n := testing.AllocsPerRun(100, func() { space = s.Find(space[:0], text) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// walk is Find on what encoding/json has decoded.
func walk(v any, path jsonpath.Path) (any, bool) {
	for _, step := range path {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[step.Key]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			if step.Index < 0 || step.Index >= len(at) {
				return nil, false
			}
			v = at[step.Index]
		default:
			return nil, false
		}
	}
	return v, true
}

func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

func FuzzFind(f *testing.F) {
	f.Add([]byte(`{"a": {"b": [1, {"c": "\u00e9"}]}, "a": {"b": 2}}`), "a.b", "a.b.1.c")
	f.Add([]byte(` [ [ "\\\"" , {} ] , 1e5 ] `), "0.0", "1")
	f.Add([]byte(`{"0": "]}", "x": {"0": null}}`), `"0"`, "x.0")
	f.Add([]byte(`"\ud800"`), "", "a")
	f.Fuzz(func(t *testing.T, text []byte, first, second string) {
		var paths []jsonpath.Path
		for _, p := range []string{first, second, ""} {
			path, err := jsonpath.Parse(p)
			if err != nil {
				return
			}
			paths = append(paths, path)
		}
		if !json.Valid(text) || !utf8.Valid(text) {
			return
		}
		whole, err := decode(text)
		if err != nil {
			t.Skip()
		}
		found := jsonpath.NewSet(paths).Find(nil, text)
		for i, path := range paths {
			want, there := walk(whole, path)
			if there != (found[i] != nil) {
				t.Fatalf("%v in %s: found %q, encoding/json %v", path, text, found[i], want)
			}
			if !there {
				continue
			}
			if got, err := decode(found[i]); err != nil || !cmp.Equal(got, want) {
				t.Fatalf("%v in %s: %q, %v; want %v", path, text, found[i], err, want)
			}
			checkScalar(t, found[i], want)
		}
	})
}

func checkScalar(t *testing.T, value []byte, want any) {
	got, ok := jsonpath.Scalar(value)
	switch want := want.(type) {
	case string:
		if got != want {
			t.Fatalf("%s is %q, want %q", value, got, want)
		}
	case json.Number:
		if got != want.String() {
			t.Fatalf("%s is %q, want %q", value, got, want)
		}
	case bool:
		if got != strconv.FormatBool(want) {
			t.Fatalf("%s is %q", value, got)
		}
	case nil:
		if got != "null" {
			t.Fatalf("%s is %q", value, got)
		}
	default:
		if ok {
			t.Fatalf("%s is %q", value, got)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	text := []byte(`{"uuid": "x", "event_data": {"host": "web1", "res": ` + "[" + strings.Repeat(`{"stdout": "a line of text", "rc": 0}, `, 100) + `1]}, "result": false}`)
	s := set(b, "result", "event_data.host")
	space := make([][]byte, 0, 2)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		space = s.Find(slices.Delete(space, 0, len(space)), text)
	}
}
