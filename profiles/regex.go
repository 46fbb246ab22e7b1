package profiles

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
)

// Regex compiles a regular expression with the syntax and the meaning of Python's re.fullmatch on text: the whole name
// must match, and \d, \w and \s are the Unicode classes.
//
// It is RE2 below, so matching is linear in the name, and what RE2 cannot do is an error that says so: lookaround,
// backreferences, conditionals, \b and \B, atomic groups and possessive quantifiers, \N{...}, `$` with more of the
// pattern behind it (Python lets it match before a last newline), a repetition of more than 1000, a pattern that needs
// too much memory. So is what Python reads in another way than most people expect, such as [[:alpha:]], and what only
// RE2 knows, such as \z or \pL.
func Regex(pattern string) (Matcher, error) {
	if err := checkText(pattern); err != nil {
		return nil, err
	}
	return compileRegex(pattern)
}

func compileRegex(pattern string) (Matcher, error) {
	tree, err := parseRegex(pattern)
	if err != nil {
		return nil, err
	}
	if err := checkDollars(tree, true); err != nil {
		return nil, err
	}
	if text, ok := tree.literal(); ok {
		return exact(text), nil
	}
	re, err := regexp.Compile(writeRE2(tree))
	if err != nil {
		return nil, explainRE2(err)
	}
	return regexMatcher{re}, nil
}

type regexMatcher struct{ re *regexp.Regexp }

func (m regexMatcher) Match(name string) bool { return m.re.MatchString(name) }

// explainRE2 words the limits of Go's regexp without the translated expression, which the user never saw.
func explainRE2(err error) error {
	var refusal *syntax.Error
	if !errors.As(err, &refusal) {
		return err
	}
	switch refusal.Code {
	case syntax.ErrInvalidRepeatSize:
		return errors.New("nested repetitions multiply to more than 1000, the most that evhub's regex (RE2) takes")
	case syntax.ErrNestingDepth:
		return errors.New("the groups and repetitions nest too deeply for evhub's regex (RE2)")
	case syntax.ErrLarge:
		return errors.New("the pattern is too large for evhub's regex (RE2)")
	default:
		return fmt.Errorf("evhub's regex (RE2) does not take it: %s", refusal.Code)
	}
}
