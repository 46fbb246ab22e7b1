package profiles

import "fmt"

// PatternError is a pattern that could not be compiled.
type PatternError struct {
	Index   int    // its place in the list given to NewTable, from 0
	Pattern string // as given
	Err     error  // what is wrong with it
}

// shownPattern bounds how much of a pattern an error repeats, in bytes.
const shownPattern = 80

// Error names the pattern, shortened if it is long, and what is wrong with it.
func (e *PatternError) Error() string {
	return fmt.Sprintf("pattern %s: %v", shorten(e.Pattern), e.Err)
}

// Unwrap returns what is wrong with the pattern.
func (e *PatternError) Unwrap() error { return e.Err }

func shorten(text string) string {
	if len(text) <= shownPattern {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q... (%d bytes)", text[:shownPattern], len(text))
}

// syntaxError is a mistake or a refusal at a place of a regex.
type syntaxError struct {
	offset int // in bytes
	what   string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("at byte %d: %s", e.offset, e.what)
}

// malformed reports what Python's re refuses too.
func malformed(at token, format string, args ...any) error {
	return &syntaxError{offset: at.offset, what: fmt.Sprintf(format, args...)}
}

// refused reports what Python's re can do and RE2 cannot.
func refused(at token, what string) error {
	return malformed(at, "%s cannot be done: evhub's regex is RE2, which runs in linear time", what)
}
