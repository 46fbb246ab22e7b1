package profiles_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/profiles"
)

// TestRegexSaysWhy checks that each refusal names the construct and what to do.
func TestRegexSaysWhy(t *testing.T) {
	for pattern, want := range map[string]string{
		`a(?=b)`:              "at byte 1: lookahead `(?=` cannot be done: evhub's regex is RE2, which runs in linear time",
		`(?<!a)b`:             "lookbehind `(?<!` cannot be done",
		`\bidem`:              "a word boundary `\\b`",
		`(a)\1`:               "a backreference `\\1`",
		`(?P<n>a)(?P=n)`:      "a backreference `(?P=`",
		`a*+`:                 "a possessive quantifier",
		`[[:alpha:]]`:         "POSIX classes such as `[:alpha:]`",
		`\z`:                  "Python's re writes it `\\Z`",
		`\pL`:                 "`\\p` is of RE2 only",
		`\Qa\E`:               "`\\Q` is of RE2 only",
		`(?U)a`:               "the flag U is of RE2 only",
		`(?<n>a)`:             "a named group is `(?P<name>...)`",
		`\N{DASH}`:            "`\\uXXXX`",
		`a$b`:                 "`\\Z` is the end of the name",
		`x**`:                 "a quantifier follows another",
		`*x`:                  "there is nothing to repeat",
		`a{1001}`:             "a repetition of more than 1000",
		`(?:a{40}){40}`:       "multiply to more than 1000",
		`a(?i)b`:              "for a part write `(?i:...)`",
		`a\`:                  "ends in a backslash",
		`(a`:                  "`(` is not closed",
		`a)`:                  "`)` without `(`",
		"\xff":                "valid UTF-8",
		`(?i)[ŐΩ-\U00010001]`: "beyond U+FFFF",
	} {
		_, err := profiles.Regex(pattern)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("pattern %q: error %v, want one with %q", pattern, err, want)
		}
	}
}

// TestPatternBombs gives patterns that would take gigabytes or minutes if they were just compiled.
func TestPatternBombs(t *testing.T) {
	const (
		maxTime  = time.Second // far above the 100 ms of an idle machine, far below what the bombs would take
		maxBytes = 64 << 20
	)
	bombs := map[string]struct {
		compile profiles.Compile
		pattern string
		refused bool
	}{
		"nested repetitions": {profiles.Regex, `((a{1000}){1000})`, true},
		"many repetitions":   {profiles.Regex, strings.Repeat("a{999}", 600), true},
		"deep repetitions":   {profiles.Regex, strings.Repeat("(", 99) + "a" + strings.Repeat("{2})", 99), true},
		"empty repetitions":  {profiles.Regex, `(((){1000}){1000}){1000}`, true},
		"classes":            {profiles.Regex, strings.Repeat(`\w`, profiles.MaxPattern/2), true},
		"repeated classes":   {profiles.Regex, `(?i)(?:\W[\w\D]){1000}`, false},
		"folded ranges":      {profiles.Regex, "(?i)" + strings.Repeat(`[!-ﬀ]`, 500), false},
		"deep groups":        {profiles.Regex, strings.Repeat("(", 2000) + strings.Repeat(")", 2000), true},
		"branches":           {profiles.Regex, strings.Repeat("|", profiles.MaxPattern), false},
		"folded letters":     {profiles.Regex, "(?i)" + strings.Repeat("k", profiles.MaxPattern-4), false},
		"long regex":         {profiles.Regex, strings.Repeat("a", 1<<20), true},
		"long glob":          {profiles.Glob, strings.Repeat("*a", 1<<19), true},
		"stars":              {profiles.Glob, strings.Repeat("*?", profiles.MaxPattern/2), false},
		"stars and sets":     {profiles.Glob, strings.Repeat("*[a]", profiles.MaxPattern/4), false},
		"sets":               {profiles.Glob, strings.Repeat("[!a]", profiles.MaxPattern/4), false},
		"braces":             {profiles.Glob, strings.Repeat("{a,aa}", 600), false},
	}
	for name, bomb := range bombs {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := bomb.compile(bomb.pattern)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if refused := err != nil; refused != bomb.refused {
				t.Errorf("error %v, want one: %v", err, bomb.refused)
			}
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%v, %d KiB allocated", took.Round(time.Microsecond), allocated>>10)
			if took > maxTime || allocated > maxBytes {
				t.Errorf("took %v and allocated %d bytes, want at most %v and %d", took, allocated, maxTime, maxBytes)
			}
			if err != nil && len(err.Error()) > 400 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// TestHostileNames matches the longest profile against patterns that make backtracking matchers slow.
func TestHostileNames(t *testing.T) {
	name := strings.Repeat("a", 1023) + "!"
	for pattern, compile := range map[string]profiles.Compile{
		`(a+)+`:                           profiles.Regex,
		`(a|aa)+`:                         profiles.Regex,
		`(a*)*b`:                          profiles.Regex,
		strings.Repeat("a?", 300) + "b":   profiles.Regex,
		strings.Repeat("*a", 500) + "*b":  profiles.Glob,
		strings.Repeat("*a?", 300) + "*b": profiles.Glob,
		strings.Repeat("*[a]", 500) + "b": profiles.Glob,
	} {
		m, err := compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if m.Match(name) {
			t.Errorf("pattern %.20q matches", pattern)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("pattern %.20q took %v", pattern, took)
		}
	}
}
