package acct

import (
	"io/fs"
	"regexp"
	"runtime"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	secretKey   = regexp.MustCompile(`(?i)(password|passwd|passphrase|secret|token|api_?key)$`)
	urlPassword = regexp.MustCompile(`://[^/@\s:]*:[^/@\s]+@`)
)

// warnIfReadable warns of a plaintext file with secrets in it that every user of the machine may read.
func (f *File) warnIfReadable(mode fs.FileMode) {
	if mode.Perm()&0o004 == 0 || !mode.IsRegular() || runtime.GOOS == "windows" {
		return
	}
	for _, section := range f.root {
		if at, key := findSecret(section.value, below("", section.key)); at != nil {
			f.Warnings = append(f.Warnings, Warning{File: f.Name, Line: at.Line, Key: key,
				Text: "every user of this machine can read this secret; chmod o-r the file, encrypt it, or write {env: NAME} or {file: PATH} instead"})
			return
		}
	}
}

// findSecret returns the first value below n that is a secret in clear, judging by its key or its form, and its path.
func findSecret(n *yaml.Node, path string) (*yaml.Node, string) {
	switch n.Kind {
	case yaml.MappingNode:
		for _, p := range pairs(n) {
			key := below(path, p.key)
			if p.value.Kind == yaml.ScalarNode && p.value.Value != "" && !isNull(p.value) && secretKey.MatchString(p.key) {
				return p.value, key
			}
			if at, key := findSecret(p.value, key); at != nil {
				return at, key
			}
		}
	case yaml.SequenceNode:
		for i, e := range n.Content {
			if at, key := findSecret(deref(e), element(path, i)); at != nil {
				return at, key
			}
		}
	case yaml.ScalarNode:
		if urlPassword.MatchString(n.Value) {
			return n, path
		}
	}
	return nil, ""
}

// oddSection returns a warning if a section that belongs to no provider looks as if one was meant: it has a
// connection, or its key is nearly one of names.
func (f *File) oddSection(section pair, names []string) (Warning, bool) {
	if section.value.Kind == yaml.ScalarNode {
		misspelt := suggest(section.key, []string{matchPluginKey}) != ""
		return f.warn(section, "is ignored; did you mean match_plugin?"), misspelt
	}
	near := ""
	if before, _, dotted := strings.Cut(section.key, "."); dotted && suggest(before, names) == before {
		near = before
	} else {
		near = suggest(section.key, names)
	}
	switch connects := hasConnection(section.value); {
	case near != "" && (connects || holdsSettings(section.value) && editDistance(section.key, near) == 1):
		return f.warn(section, "belongs to no provider and is ignored; did you mean "+near+"?"), true
	case connects:
		return f.warn(section, "has a connection, but belongs to no provider and is ignored"), true
	}
	return Warning{}, false
}

func (f *File) warn(section pair, text string) Warning {
	return Warning{File: f.Name, Line: section.at.Line, Key: below("", section.key), Text: text}
}

// hasConnection reports whether a section has an entry with a connection.
func hasConnection(section *yaml.Node) bool {
	for _, entry := range settingsIn(section) {
		for _, p := range pairs(entry) {
			if p.key == "connection" {
				return true
			}
		}
	}
	return false
}

// holdsSettings reports whether a section could be one of a provider.
func holdsSettings(section *yaml.Node) bool { return len(settingsIn(section)) > 0 }

// settingsIn returns the mappings at the place of settings, in dict form or list form.
func settingsIn(section *yaml.Node) []*yaml.Node {
	var found []*yaml.Node
	switch section.Kind {
	case yaml.MappingNode:
		for _, p := range pairs(section) {
			if p.value.Kind == yaml.MappingNode {
				found = append(found, p.value)
			}
		}
	case yaml.SequenceNode:
		for _, e := range section.Content {
			if e = deref(e); e.Kind == yaml.MappingNode {
				found = append(found, settingsIn(e)...)
			}
		}
	}
	return found
}
