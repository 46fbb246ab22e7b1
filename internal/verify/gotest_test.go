package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sample is a module with one package for each way to end.
var sample = map[string]string{
	"go.mod": "module github.com/evhub/evhub/sample\n\ngo 1.26\n",
	"mixed/mixed_test.go": `package mixed
import "testing"
func TestPasses(t *testing.T) {}
func TestParent(t *testing.T) {
	t.Run("good", func(t *testing.T) {})
	t.Run("bad", func(t *testing.T) { t.Error("the bad one said this") })
}
func TestSkips(t *testing.T) { t.Skip("no broker: none") }
func TestParentAlone(t *testing.T) {
	t.Run("good", func(t *testing.T) {})
	t.Error("the parent said this")
}`,
	"broken/broken_test.go": "package broken\n\nfunc nonsense() { undefinedName() }\n",
	"main/main_test.go": `package main
import ("os"; "testing")
func TestGood(t *testing.T) {}
func TestMain(m *testing.M) { m.Run(); println("leak found"); os.Exit(1) }`,
}

func TestGoTestCounts(t *testing.T) {
	if testing.Short() {
		t.Skip("runs go test on a sample: not in short form")
	}
	dir := t.TempDir()
	for name, text := range sample {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	v := &verifier{out: &out}
	v.goTest(t.Context(), dir, "./...")
	// Passed: TestPasses, both good ones, TestGood. Failed: bad, TestParentAlone, and two packages as a whole.
	if v.total.passed != 4 || v.total.failed != 4 || v.total.skipped != 1 {
		t.Errorf("%d passed, %d failed, %d skipped; want 4, 4, 1", v.total.passed, v.total.failed, v.total.skipped)
	}
	v.total.report(&out)
	for _, want := range []string{
		"the bad one said this", "the parent said this", "undefinedName", "leak found",
		"sample/mixed TestParent/bad", "sample/broken (as a whole)", "sample/main (as a whole)",
		"sample/mixed TestSkips: no broker: none",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if !strings.HasSuffix(out.String(), "\n4 passed, 4 failed, 1 skipped\n") {
		t.Error("the closing line is not the last")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func TestGoTestThatCannotRunFails(t *testing.T) {
	var out bytes.Buffer
	v := &verifier{out: &out}
	v.goTest(t.Context(), ".", "-no-such-flag")
	if v.total.failed != 1 {
		t.Errorf("%d failed, want 1", v.total.failed)
	}
}
