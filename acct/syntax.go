package acct

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	yamlMessage   = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)
	unknownAnchor = regexp.MustCompile(`(?s)^unknown anchor '(.*)' referenced$`)
	starKey       = regexp.MustCompile(`(?m)^[ ]*(?:- +)*\*[^\n]*?:(?:\s|$)`)
	setKey        = regexp.MustCompile(`(?m)^[ ]*(?:- +)*\[[^\n]*\][^\n,]*:(?:\s|$)`)
	tabIndent     = regexp.MustCompile(`(?m)^ *\t+ *[^\s#]`)
	jinja         = regexp.MustCompile(`\{%|\{\{|\{#`)
)

// syntaxError places an error of the YAML parser and adds the cure for the mistakes that people make in acct files.
func (f *File) syntaxError(data []byte, err error) *Error {
	message, line := err.Error(), 0
	if m := yamlMessage.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	if m := unknownAnchor.FindStringSubmatch(message); m != nil {
		// The name may be a secret: `password: *s3cret`.
		message, line = "unknown anchor; a value that begins with * needs quotes", lineOf(data, "*"+m[1])
	}
	at := func(line int, text string) *Error {
		return f.errorAt(&yaml.Node{Line: line}, "", errors.New(text))
	}
	if strings.Contains(message, "anchor") || strings.Contains(message, "alphabetic or numeric") {
		if i := starKey.FindIndex(data); i != nil {
			return at(lineAt(data, i[0]), `a pattern that begins with * needs quotes, as in "*":`)
		}
	}
	if i := tabIndent.FindIndex(data); i != nil && strings.Contains(message, "cannot start any token") {
		return at(lineAt(data, i[0]), "indented with a tab; use spaces")
	}
	if i := setKey.FindIndex(data); i != nil {
		return at(lineAt(data, i[0]), `not valid YAML; a pattern that begins with [ needs quotes, as in "[ab]*":`)
	}
	if i := jinja.FindIndex(data); i != nil {
		return at(lineAt(data, i[0]), "not valid YAML; Jinja is not rendered in plaintext files: write plain YAML, or encrypt the file with `acct encrypt`, which renders it")
	}
	return at(line, "not valid YAML: "+message)
}

func lineAt(data []byte, offset int) int { return 1 + bytes.Count(data[:offset], []byte("\n")) }

// lineOf returns the line of the first occurrence of text; 0 if there is none.
func lineOf(data []byte, text string) int {
	if i := bytes.Index(data, []byte(text)); i >= 0 {
		return lineAt(data, i)
	}
	return 0
}
