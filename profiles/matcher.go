package profiles

import (
	"fmt"
	"unicode/utf8"
)

// MaxPattern is the greatest length of a pattern, in bytes.
const MaxPattern = 4 << 10

// Matcher says whether a profile matches a pattern. It is safe for concurrent use, and its answer depends on nothing
// but the name.
type Matcher interface {
	Match(name string) bool
}

// Compile makes the matcher of a pattern. [Glob] and [Regex] are of this type. Its error says what is wrong with the
// pattern and, where that helps, what to write instead.
type Compile func(pattern string) (Matcher, error)

var (
	_ Compile = Glob
	_ Compile = Regex
)

// exact matches one name only. A Table keeps such patterns in a map instead of asking each of them.
type exact string

func (e exact) Match(name string) bool { return name == string(e) }

// checkText refuses what is too long or no text, before anything looks at it.
func checkText(pattern string) error {
	if len(pattern) > MaxPattern {
		return fmt.Errorf("a pattern has at most %d bytes, this one has %d", MaxPattern, len(pattern))
	}
	if !utf8.ValidString(pattern) {
		return fmt.Errorf("a pattern must be valid UTF-8")
	}
	return nil
}
