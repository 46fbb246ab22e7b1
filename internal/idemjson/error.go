package idemjson

import "fmt"

// Error says which value cannot be written as JSON and why.
type Error struct {
	// Path leads to the value from the root, which is $: $.a[3].b, or $["odd key"] where a key is no identifier. The
	// middle of a very long one is left out.
	Path string
	// Offset is the number of bytes before the mistake in JSON text that was given as text, and -1 where the mistake
	// is in no such text.
	Offset int
	// Err is the reason.
	Err error
}

func (e *Error) Error() string {
	if e.Offset >= 0 {
		return fmt.Sprintf("%s (byte %d of the JSON text): %v", e.Path, e.Offset, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Path, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// fault returns an error at the value in hand. On its way up each level adds its step to the path.
func fault(err error) *Error { return &Error{Offset: -1, Err: err} }

func (e *Error) below(step string) *Error {
	e.Path = step + e.Path
	return e
}

// rooted finishes the path.
func (e *Error) rooted() *Error {
	e.Path = shorten("$" + e.Path)
	return e
}
