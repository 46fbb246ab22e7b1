package acct

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// Error is one mistake in an acct file. Functions that find several return them joined (errors.Join).
type Error struct {
	// File is the file's name as it was given.
	File string
	// Line counts from 1. 0: unknown, as in encrypted files.
	Line int
	// Key is the path of the key, such as kafka.idem-*.connection.bootstrap_servers. Empty: the file as a whole.
	Key string
	// Err says what is wrong and what to do.
	Err error
}

// Error returns "file:line: key: what is wrong".
func (e *Error) Error() string { return place(e.File, e.Line, e.Key) + e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Warning is something in an acct file that works but is probably not what was meant.
type Warning struct {
	// File, Line and Key are as in Error.
	File string
	Line int
	Key  string
	// Text says what is odd and what to do.
	Text string
}

// String returns "file:line: key: text".
func (w Warning) String() string { return place(w.File, w.Line, w.Key) + w.Text }

func place(file string, line int, key string) string {
	s := file
	if line > 0 {
		s += ":" + strconv.Itoa(line)
	}
	if key != "" {
		s += ": " + key
	}
	return s + ": "
}

func (f *File) errorAt(n *yaml.Node, key string, err error) *Error {
	return &Error{File: f.Name, Line: n.Line, Key: key, Err: err}
}

func (f *File) errorf(n *yaml.Node, key, format string, args ...any) *Error {
	return f.errorAt(n, key, fmt.Errorf(format, args...))
}

// maxErrors is how many mistakes are reported at once.
const maxErrors = 100

// join joins the first errs, and says how many more there are.
func (f *File) join(errs []error) error {
	if more := len(errs) - maxErrors; more > 0 {
		errs = append(slices.Clip(errs[:maxErrors]), f.wrong("has %d more mistakes", more))
	}
	return errors.Join(errs...)
}

// maxName is how many bytes of a key an error shows.
const maxName = 100

// below returns the path of key name below path.
func below(path, name string) string {
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "") + "…"
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }) {
		name = strconv.Quote(name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// element returns the path of list element i below path.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
