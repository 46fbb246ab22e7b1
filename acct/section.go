package acct

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// Entries returns the entries of every section whose key is one of names (names and aliases of providers), in file
// order. In list form an element with several patterns makes several entries.
//
// err holds what is wrong with the shape of these sections, joined *Errors (of over a hundred only the first). The
// entries that are sound are returned even so, so that a caller can decode them and report every mistake of the file at
// once.
//
// Other sections are left alone, whatever they hold. Those that look as if a provider was meant yield a Warning.
func (f *File) Entries(names []string) ([]Entry, []Warning, error) {
	var (
		entries  []Entry
		warnings []Warning
		errs     []error
	)
	for _, section := range f.root {
		switch {
		case slices.Contains(names, section.key):
			found, wrong := f.sectionEntries(section)
			entries, errs = append(entries, found...), append(errs, wrong...)
		case section.key == f.BackendKey:
			if len(section.value.Content) > 0 {
				warnings = append(warnings, f.warn(section, "names stores that acct would fetch profiles from, which evhub does not: what it needs must be in this file"))
			}
		case section.key != matchPluginKey && section.key != defaultKey && section.key != backendKey:
			if w, odd := f.oddSection(section, names); odd {
				warnings = append(warnings, w)
			}
		}
	}
	return entries, warnings, f.join(errs)
}

func (f *File) sectionEntries(section pair) ([]Entry, []error) {
	key, value := below("", section.key), section.value
	switch {
	case isNull(value):
		return nil, nil
	case value.Kind == yaml.ScalarNode:
		return nil, []error{f.errorf(value, key, "want a mapping of patterns to settings, or a list of such mappings, not %s", describe(value))}
	case !knownTag(value.Tag):
		return nil, f.checkTree(value, key)
	case value.Kind == yaml.MappingNode:
		return f.mappingEntries(section.key, value, key)
	}
	var (
		entries []Entry
		errs    []error
	)
	for i, n := range value.Content {
		n, key := deref(n), element(key, i)
		if n.Kind != yaml.MappingNode {
			errs = append(errs, f.errorf(n, key, "want a mapping of a pattern to its settings, not %s", describe(n)))
			continue
		}
		found, wrong := f.mappingEntries(section.key, n, key)
		entries, errs = append(entries, found...), append(errs, wrong...)
	}
	return entries, errs
}

// mappingEntries returns the entries of mapping n, which is at key: pattern -> settings.
func (f *File) mappingEntries(section string, n *yaml.Node, key string) ([]Entry, []error) {
	var entries []Entry
	errs := f.checkKeys(n, key)
	for _, p := range pairs(n) {
		e := Entry{Section: section, Pattern: p.key, Line: p.at.Line, file: f, path: below(key, p.key), at: p.at, settings: p.value}
		if wrong := e.check(); len(wrong) > 0 {
			errs = append(errs, wrong...)
			continue
		}
		entries = append(entries, e)
	}
	return entries, errs
}

// check returns what is wrong with the shape of the entry.
func (e Entry) check() []error {
	switch {
	case isNull(e.settings):
		return nil
	case e.settings.Kind == yaml.MappingNode:
		return e.file.checkTree(e.settings, e.path)
	case e.Pattern == matchPluginKey:
		return []error{e.file.errorf(e.at, e.path, "match_plugin holds for the whole file; move it to the top level")}
	}
	return []error{e.file.errorf(e.settings, e.path, "want a mapping of settings below the pattern, not %s", describe(e.settings))}
}
