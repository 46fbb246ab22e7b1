package acct

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	matchPluginKey     = "match_plugin"
	defaultMatchPlugin = "glob"
	defaultKey         = "default"
	backendKey         = "backend_key"
)

// File is an acct file that has been read. It does not change and may be used concurrently.
type File struct {
	// Name is the file's name as it was given, for messages. References to files are relative to its directory.
	Name string
	// MatchPlugin is the value of the top-level key match_plugin; "glob" if absent. Whether there is such a plugin
	// is for the caller to check: see MatchPluginError.
	MatchPlugin string
	// Default is the profile that acct takes where none is named: the top-level key default, or "default". It concerns
	// credentials, and no events.
	Default string
	// BackendKey is the section that lists stores from which acct fetches more profiles: the top-level key backend_key,
	// or "acct-backends". evhub fetches none, and warns if there are any.
	BackendKey string
	// CryptoPlugin is how the file was encrypted; empty if it was plaintext.
	CryptoPlugin string
	// Warnings are about the file as a whole.
	Warnings []Warning

	doc           *yaml.Node // nil if the file is empty
	root          []pair     // top-level keys, in file order
	matchPluginAt *yaml.Node
	getenv        func(string) string
}

// Parse reads a plaintext acct file. name stands for the file in errors. Mistakes are *Errors, all of them joined.
// Sections are checked later, by Entries, for only the caller knows which ones belong to a provider.
func Parse(name string, data []byte) (*File, error) { return parse(name, data, os.Getenv) }

func parse(name string, data []byte, getenv func(string) string) (*File, error) {
	f := &File{Name: name, getenv: getenv}
	if looksLikeToken(data) {
		return nil, f.wrong("%w", ErrEncrypted)
	}
	text, err := f.checkText(data)
	if err != nil {
		return nil, err
	}
	doc, err := f.parseYAML(text)
	if err != nil {
		return nil, err
	}
	if err := f.setRoot(doc); err != nil {
		return nil, err
	}
	return f, nil
}

// wrong returns an *Error about the file as a whole.
func (f *File) wrong(format string, args ...any) *Error {
	return &Error{File: f.Name, Err: fmt.Errorf(format, args...)}
}

// parseYAML returns the file's only document; nil if there is none.
func (f *File) parseYAML(data []byte) (doc *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			doc, err = nil, f.wrong("the YAML parser cannot read this file; check its syntax")
		}
	}()
	var first, second yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	switch err := dec.Decode(&first); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, f.syntaxError(data, err)
	}
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
		return first.Content[0], nil
	case err != nil:
		return nil, f.syntaxError(data, err)
	}
	return nil, f.errorf(&second, "", "a second YAML document starts here; an acct file is a single one, remove the ---")
}

// setRoot takes over the tree of the file, from YAML or msgpack.
func (f *File) setRoot(doc *yaml.Node) error {
	f.MatchPlugin, f.Default, f.BackendKey = defaultMatchPlugin, "default", "acct-backends"
	if doc == nil {
		return nil
	}
	if err := f.checkLimits(doc); err != nil {
		return err
	}
	doc = deref(doc)
	if isNull(doc) {
		return nil
	}
	if doc.Kind != yaml.MappingNode {
		return f.errorf(doc, "", "want a mapping with a key for each provider, such as kafka, not %s", describe(doc))
	}
	errs := f.checkKeys(doc, "")
	f.doc, f.root = doc, pairs(doc)
	for _, p := range f.root {
		switch p.key {
		case matchPluginKey:
			f.matchPluginAt = p.at
			errs = append(errs, f.setName(p, &f.MatchPlugin, "the name of a match plugin, such as glob or regex")...)
		case defaultKey:
			errs = append(errs, f.setName(p, &f.Default, "the name of a profile, as acct has it")...)
		case backendKey:
			errs = append(errs, f.setName(p, &f.BackendKey, "the key of the section with acct's backends")...)
		}
	}
	return f.join(errs)
}

// setName sets what a top-level key of acct's own gives; null is as good as no key.
func (f *File) setName(p pair, name *string, what string) []error {
	switch {
	case isNull(p.value):
	case p.value.Kind != yaml.ScalarNode || p.value.Value == "":
		return []error{f.errorf(p.value, p.key, "want %s", what)}
	default:
		*name = p.value.Value
	}
	return nil
}

// MatchPluginError returns an *Error with err at the key match_plugin, for a plugin that the caller does not know.
func (f *File) MatchPluginError(err error) error {
	at := f.matchPluginAt
	if at == nil {
		at = &yaml.Node{}
	}
	return f.errorAt(at, matchPluginKey, err)
}
