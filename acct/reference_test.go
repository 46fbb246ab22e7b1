package acct_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
)

// decodeInto decodes the last entry of a file into target.
func decodeInto(in string, target any) error {
	f, err := acct.Parse("acct.yaml", []byte(in))
	if err != nil {
		return err
	}
	entries, _, err := f.Entries(ourNames)
	for _, e := range entries {
		err = e.Decode(target)
	}
	return err
}

func writeFile(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// loadEntry loads a file with one entry from dir.
func loadEntry(t *testing.T, dir, settings string, getenv func(string) string) acct.Entry {
	t.Helper()
	path := writeFile(t, filepath.Join(dir, "acct.yaml"), "kafka: {x: "+settings+"}\n")
	f, err := acct.Load(path, acct.Options{Getenv: getenv})
	if err != nil {
		t.Fatal(err)
	}
	entries, _, err := f.Entries(ourNames)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	return entries[0]
}

func TestReferences(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "port"), "9092\n")
	writeFile(t, filepath.Join(dir, "crlf"), "a\r\n")
	writeFile(t, filepath.Join(dir, "lines"), "a\nb\n\n")
	writeFile(t, filepath.Join(dir, "empty"), "")
	getenv := func(name string) string {
		return map[string]string{"A": "from-env", "N": "7", "D": "7s", "B": "yes"}[name]
	}
	for in, want := range map[string]config{
		"{text: {env: A}}":                        {Text: "from-env"},
		"{int: {env: N}, flag: {env: B}}":         {Int: 7, Flag: true},
		"{duration: {env: D}}":                    {Duration: 7e9},
		"{list: [a, {env: A}, {file: port}]}":     {List: []string{"a", "from-env", "9092"}},
		"{map: {env: {env: A}}}":                  {Map: map[string]string{"env": "from-env"}},
		"{map: {env: A}}":                         {Map: map[string]string{"env": "A"}},
		"{any: {a: {env: A}, b: {env: A, c: 1}}}": {Any: map[string]any{"a": "from-env", "b": map[string]any{"env": "A", "c": 1}}},
		"{server: {port: {file: port}}}":          {Server: server{Port: 9092}},
		"{text: {file: " + dir + "/crlf}}":        {Text: "a"},
		"{text: {file: lines}}":                   {Text: "a\nb\n"},
		"{text: {file: empty}}":                   {},
		"{text: &r {env: A}, inner: *r}":          {Text: "from-env", inlined: inlined{"from-env"}},
		"{text: \"${A}\"}":                        {Text: "${A}"},
	} {
		var got config
		if err := loadEntry(t, dir, in, getenv).Decode(&got); err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(config{})); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
}

func TestReferenceErrors(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "large"), strings.Repeat("x", 1<<20+1))
	notMapping := "want text (or {env: NAME}, {file: PATH}), not a mapping"
	for in, want := range map[string]string{
		"{env: NONE}":       "environment variable NONE is not set, or empty; set it where evhub runs",
		"{env: }":           "want the name of an environment variable: {env: NAME}",
		"{file: ''}":        "want the path of a file: {file: PATH}",
		"{file: none}":      "file " + dir + "/none: there is no such file; check the path: no such file or directory",
		"{file: .}":         "file " + dir + ": is a directory; name a file in it",
		"{file: large}":     "file " + dir + "/large: is larger than 1 MiB",
		"{file: /dev/zero}": "file /dev/zero: is not a regular file",
		"{env: [A]}":        notMapping,
		"{env: A, or: b}":   notMapping,
		"{vault: a}":        notMapping,
	} {
		err := loadEntry(t, dir, "{text: "+in+"}", func(string) string { return "" }).Decode(&config{})
		if want := dir + "/acct.yaml:1: kafka.x.text: " + want; text(err) != want {
			t.Errorf("%s:\n got %v\nwant %s", in, err, want)
		}
	}
}
