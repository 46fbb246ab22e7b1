package profiles

import (
	"strings"

	"github.com/gobwas/glob"
)

// globQuoter takes away the special meaning of the characters that fnmatch knows nothing of.
var globQuoter = strings.NewReplacer(`\`, `\\`, `{`, `\{`, `}`, `\}`)

// Glob compiles a shell pattern with the meaning of Python's fnmatch.fnmatchcase: the whole name must match, case
// counts, `*` is any text (also empty, also with slashes and newlines), `?` any one character, `[a-c]` one of a set
// and `[!a-c]` one outside of it. There is no escape: a backslash stands for itself, and so do `{`, `}` and a `[`
// that is never closed; a literal `*` is written `[*]`.
//
// The only errors are a pattern longer than [MaxPattern] and one that is not UTF-8.
func Glob(pattern string) (Matcher, error) {
	if err := checkText(pattern); err != nil {
		return nil, err
	}
	if !strings.ContainsAny(pattern, "*?[") {
		return exact(pattern), nil
	}
	if strings.Contains(pattern, "[") {
		return compileRegex(translateGlob(pattern))
	}
	g, err := glob.Compile(globQuoter.Replace(pattern))
	if err != nil {
		return nil, err
	}
	return g, nil
}
