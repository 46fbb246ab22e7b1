package acct

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// reference is {env: NAME} or {file: PATH}.
type reference struct{ kind, arg string }

// ErrReference is of a reference that cannot be resolved, perhaps because it is meant for another environment.
var ErrReference = errors.New("the reference cannot be resolved")

// referenceError is why a reference could not be resolved.
type referenceError struct{ err error }

func (e *referenceError) Error() string { return e.err.Error() }
func (e *referenceError) Unwrap() error { return e.err }

func (e *referenceError) Is(target error) bool { return target == ErrReference }

// referenceIn returns the reference that n is, if it is one: a mapping with the single key env or file and a single
// value.
func referenceIn(n *yaml.Node) (reference, bool) {
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return reference{}, false
	}
	key, arg := deref(n.Content[0]), deref(n.Content[1])
	if key.Kind != yaml.ScalarNode || arg.Kind != yaml.ScalarNode || key.Value != "env" && key.Value != "file" {
		return reference{}, false
	}
	return reference{key.Value, arg.Value}, true
}

// resolve returns what r stands for. Errors are *referenceErrors; they name the variable or the file, never what is
// in it.
func (f *File) resolve(r reference) (string, error) {
	text, err := f.lookUp(r)
	if err != nil {
		return "", &referenceError{err}
	}
	return text, nil
}

func (f *File) lookUp(r reference) (string, error) {
	switch {
	case r.arg == "" && r.kind == "env":
		return "", errors.New("want the name of an environment variable: {env: NAME}")
	case r.arg == "":
		return "", errors.New("want the path of a file: {file: PATH}")
	case r.kind == "env":
		if value := f.getenv(r.arg); value != "" {
			return value, nil
		}
		return "", fmt.Errorf("environment variable %s is not set, or empty; set it where evhub runs", r.arg)
	}
	return f.readReferenced(r.arg)
}

func (f *File) readReferenced(path string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(f.Name), path)
	}
	// A pipe or a device might keep the reader waiting for ever.
	if info, err := os.Stat(path); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return "", fmt.Errorf("file %s: is not a regular file", path)
	}
	data, _, err := readLimited(path)
	if err != nil {
		return "", fmt.Errorf("file %s: %w", path, err)
	}
	text := strings.TrimSuffix(string(data), "\n")
	return strings.TrimSuffix(text, "\r"), nil
}
