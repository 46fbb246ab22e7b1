package profiles_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/evhub/evhub/profiles"
)

// naiveGlob is fnmatch by its definition, one character at a time and exponential. It knows sets without ranges, so
// that it stays obviously right.
func naiveGlob(pattern, name []rune) bool {
	if len(pattern) == 0 {
		return len(name) == 0
	}
	if pattern[0] == '*' {
		return naiveGlob(pattern[1:], name) || len(name) > 0 && naiveGlob(pattern, name[1:])
	}
	set, rest, isSet := naiveSet(pattern)
	switch {
	case len(name) == 0:
		return false
	case isSet:
		negated := set[0] == '!'
		members := strings.TrimPrefix(set, "!")
		return strings.ContainsRune(members, name[0]) != negated && naiveGlob(rest, name[1:])
	case pattern[0] == '?' || pattern[0] == name[0]:
		return naiveGlob(pattern[1:], name[1:])
	default:
		return false
	}
}

// naiveSet cuts a set off the front of a pattern.
func naiveSet(pattern []rune) (set string, rest []rune, ok bool) {
	if pattern[0] != '[' {
		return "", nil, false
	}
	text := string(pattern[1:])
	skip := 0
	for _, first := range []string{"!", "]"} {
		if strings.HasPrefix(text[skip:], first) {
			skip++
		}
	}
	end := strings.IndexByte(text[skip:], ']')
	if end < 0 {
		return "", nil, false
	}
	return text[:skip+end], []rune(text[skip+end+1:]), true
}

func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"idem-*", "idem-status"}, {"*a*?b", "aab"}, {"[!ab]*", "c\n"}, {"[]a]", "]"}, {"[a", "[a"}, {`a\*{b,c}`, `a\{b,c}`},
		{"[^a]", "^"}, {"**?", "ü"}, {"[[:x:]]", "x]"}, {"[!]]", "!"}, {"&&[&&]", "&&&"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		valid := utf8.ValidString(pattern) && utf8.ValidString(name)
		if !valid || len(pattern) > 64 || len(name) > 24 || strings.Count(pattern, "*") > 4 || strings.Contains(pattern, "-") {
			return
		}
		m, err := profiles.Glob(pattern)
		if err != nil {
			t.Fatalf("pattern %q: %v", pattern, err)
		}
		if got, want := m.Match(name), naiveGlob([]rune(pattern), []rune(name)); got != want {
			t.Errorf("pattern %q, name %q: %v, want %v", pattern, name, got, want)
		}
	})
}

// FuzzPatterns checks that no pattern makes either compiler panic or answer without a limit, ranges included.
func FuzzPatterns(f *testing.F) {
	for _, seed := range []string{"[z-a!-b]", "[a-", "(?x) a{,2} # b", `(?i:[\W\d-]\141)`, "(?P<n>(?s).)", "(a|b)*?", "[]-a]"} {
		f.Add(seed, "ab")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		for _, compile := range []profiles.Compile{profiles.Glob, profiles.Regex} {
			m, err := compile(pattern)
			switch {
			case err != nil && m != nil:
				t.Errorf("pattern %q: a matcher besides the error %v", pattern, err)
			case err == nil && len(name) <= 1<<10:
				m.Match(name)
			}
		}
	})
}
