package profiles_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evhub/evhub/profiles"
)

// answers is a line of testdata/glob.jsonl and regex.jsonl: what Python says of a pattern, see generate.py.
type answers struct {
	Pattern string
	Yes, No []string
	Error   string // Python cannot compile it
	Refused string // Python can, evhub must not; part of the reason
}

func readAnswers(t *testing.T, name string) []answers {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []answers
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var a answers
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatalf("%s:%d: %v", name, len(all)+1, err)
		}
		all = append(all, a)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// checkAnswers compares a compiled pattern with Python and returns how many answers it compared.
func checkAnswers(t *testing.T, m profiles.Matcher, a answers) int {
	t.Helper()
	for _, name := range a.Yes {
		if !m.Match(name) {
			t.Errorf("pattern %q, name %q: no match; Python: match", a.Pattern, name)
		}
	}
	for _, name := range a.No {
		if m.Match(name) {
			t.Errorf("pattern %q, name %q: match; Python: no match", a.Pattern, name)
		}
	}
	return len(a.Yes) + len(a.No)
}

func TestGlobAnswersLikePython(t *testing.T) {
	compared := 0
	for _, a := range readAnswers(t, "glob.jsonl") {
		m, err := profiles.Glob(a.Pattern)
		if err != nil {
			t.Errorf("pattern %q: %v", a.Pattern, err)
			continue
		}
		compared += checkAnswers(t, m, a)
	}
	if compared < 5000 {
		t.Errorf("only %d answers to compare with, want at least 5000", compared)
	}
}

func TestRegexAnswersLikePython(t *testing.T) {
	compared := 0
	for _, a := range readAnswers(t, "regex.jsonl") {
		m, err := profiles.Regex(a.Pattern)
		switch refuse := a.Error != "" || a.Refused != ""; {
		case refuse && err == nil:
			t.Errorf("pattern %q: no error, want one: %s%s", a.Pattern, a.Error, a.Refused)
		case refuse && !strings.Contains(err.Error(), a.Refused):
			t.Errorf("pattern %q: error %q, want one about %q", a.Pattern, err, a.Refused)
		case refuse:
		case err != nil:
			t.Errorf("pattern %q: %v", a.Pattern, err)
		default:
			compared += checkAnswers(t, m, a)
		}
	}
	if compared < 5000 {
		t.Errorf("only %d answers to compare with, want at least 5000", compared)
	}
}

// TestIdemFixtures replays the answers that were recorded with Idem's own match plugins.
func TestIdemFixtures(t *testing.T) {
	for file, compile := range map[string]profiles.Compile{
		"idem-fnmatch.json": profiles.Glob,
		"idem-regex.json":   profiles.Regex,
	} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		var triples []struct {
			Name, Pattern string
			Match         bool
		}
		if err := json.Unmarshal(data, &triples); err != nil {
			t.Fatal(err)
		}
		for _, triple := range triples {
			m, err := compile(triple.Pattern)
			if err != nil {
				t.Errorf("%s: pattern %q: %v", file, triple.Pattern, err)
				continue
			}
			if got := m.Match(triple.Name); got != triple.Match {
				t.Errorf("%s: pattern %q, name %q: %v, want %v", file, triple.Pattern, triple.Name, got, triple.Match)
			}
		}
	}
}
