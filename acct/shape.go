package acct

import (
	"errors"

	"gopkg.in/yaml.v3"
)

var errKeyKind = errors.New("want plain text as the key; put quotes around it if it begins with [ or { (Jinja is not rendered)")

// checkTree returns what is wrong with n wherever it stands: duplicate keys, keys that are no text, foreign tags.
func (f *File) checkTree(n *yaml.Node, key string) []error {
	n = deref(n)
	if !knownTag(n.Tag) {
		return []error{f.errorf(n, key, "the YAML tag %s is not supported; remove it", n.Tag)}
	}
	var errs []error
	switch n.Kind {
	case yaml.MappingNode:
		errs = f.checkKeys(n, key)
		for i := 0; i+1 < len(n.Content); i += 2 {
			errs = append(errs, f.checkTree(n.Content[i+1], below(key, deref(n.Content[i]).Value))...)
		}
	case yaml.SequenceNode:
		for i, e := range n.Content {
			errs = append(errs, f.checkTree(e, element(key, i))...)
		}
	}
	return errs
}

// checkKeys returns what is wrong with the keys of mapping n itself.
func (f *File) checkKeys(n *yaml.Node, key string) []error {
	var errs []error
	first := make(map[string]*yaml.Node)
	for i := 0; i+1 < len(n.Content); i += 2 {
		at, k := n.Content[i], deref(n.Content[i])
		path := below(key, k.Value)
		switch {
		case k.Kind != yaml.ScalarNode:
			errs = append(errs, f.errorAt(at, key, errKeyKind))
		case !knownTag(k.Tag):
			errs = append(errs, f.errorf(at, path, "the YAML tag %s is not supported; remove it", k.Tag))
		case isMerge(k):
			errs = append(errs, f.checkMerge(n.Content[i+1], path)...)
		case first[k.Value] == nil:
			first[k.Value] = at
		case at.Line == 0:
			errs = append(errs, f.errorf(at, path, "duplicate key; remove one"))
		default:
			errs = append(errs, f.errorf(at, path, "duplicate key, first on line %d; remove one", first[k.Value].Line))
		}
	}
	return errs
}

func (f *File) checkMerge(value *yaml.Node, key string) []error {
	value = deref(value)
	sources := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		sources = value.Content
	}
	for _, source := range sources {
		if deref(source).Kind != yaml.MappingNode {
			return []error{f.errorf(value, key, "want an alias of a mapping, or a list of such aliases, to merge")}
		}
	}
	return nil
}
