package profiles_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/evhub/evhub/profiles"
)

// pythonUnicode is the part of testdata/unicode.json about classes.
type pythonUnicode struct {
	D, W, S    [][2]rune // ranges of \d, \w and \s
	Unassigned [][2]rune // what Python's older Unicode does not know
}

func readPythonUnicode(t *testing.T) pythonUnicode {
	t.Helper()
	data, err := os.ReadFile("testdata/unicode.json")
	if err != nil {
		t.Fatal(err)
	}
	var u pythonUnicode
	if err := json.Unmarshal(data, &u); err != nil {
		t.Fatal(err)
	}
	return u
}

// split returns the characters within the ranges and the others, both without what Python does not know.
func (u pythonUnicode) split(ranges [][2]rune) (inside, outside string) {
	const skipped, member = 1, 2
	marks := make([]byte, unicode.MaxRune+1)
	fill := func(ranges [][2]rune, value byte) {
		for _, r := range ranges {
			for c := r[0]; c <= r[1]; c++ {
				marks[c] = value
			}
		}
	}
	fill(ranges, member)
	fill(u.Unassigned, skipped)
	fill([][2]rune{{0xD800, 0xDFFF}}, skipped)
	var in, out []rune
	for c, value := range marks {
		switch value {
		case skipped:
		case member:
			in = append(in, rune(c))
		default:
			out = append(out, rune(c))
		}
	}
	return string(in), string(out)
}

func mustRegex(t *testing.T, pattern string) profiles.Matcher {
	t.Helper()
	m, err := profiles.Regex(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestClassesAgreeOnAllCharacters asks \d, \w, \s and their opposites about every character that Python's Unicode knows.
func TestClassesAgreeOnAllCharacters(t *testing.T) {
	u := readPythonUnicode(t)
	for class, ranges := range map[string][][2]rune{"d": u.D, "w": u.W, "s": u.S} {
		inside, outside := u.split(ranges)
		checkAll(t, `\`+class, inside)
		checkAll(t, `[^\`+class+`]`, outside)
		checkAll(t, `\`+strings.ToUpper(class), outside)
		checkAll(t, `[^\`+strings.ToUpper(class)+`]`, inside)
	}
}

// checkAll checks that the class matches each character of the text, at first all in one go.
func checkAll(t *testing.T, class, text string) {
	t.Helper()
	if mustRegex(t, class+"+").Match(text) {
		return
	}
	one := mustRegex(t, class)
	for _, c := range text {
		if !one.Match(string(c)) {
			t.Errorf("%s does not match %U; Python does", class, c)
		}
	}
}
