package acct_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzParse: no file makes the package panic or work for long.
func FuzzParse(f *testing.F) {
	fixtures, err := filepath.Glob("testdata/acct-*.yaml")
	if err != nil || len(fixtures) == 0 {
		f.Fatal("no fixtures", err)
	}
	for _, name := range fixtures {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, seed := range []string{
		"kafka: {x: &a {topics: [{env: A}, {file: b}], <<: *a}}",
		"kafka: &a {x: {<<: [*a, {}]}}",
		"? [a]\n: b\nkafka: !foo {x: !!binary a}",
		"kafka: [{x: , 1: {partition: 0x7}}]\n---\n",
		"kafka: {x: {timeout: 1e400, connection: {a: !!int b, c: .nan, d: !!float x}}}",
		"*: {}", "\ufeff", "gAAAAA", "{{ a }}", "a: |\n\t", "kafka: {x: {key: \"\\ud800\"}}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		_ = decodeAll(data)
		if elapsed := time.Since(start); elapsed > 5*time.Second {
			t.Errorf("took %v", elapsed)
		}
	})
}
