package acct

import (
	"strings"

	"gopkg.in/yaml.v3"
)

const mergeTag = "!!merge"

// pair is one key of a mapping with its value, aliases followed.
type pair struct {
	key   string
	at    *yaml.Node // the key, for its line
	value *yaml.Node
}

// pairs returns the keys of mapping n in file order. Merge keys (<<) add what the mapping does not give itself. Keys
// that are no scalars are left out; checkKeys reports them.
func pairs(n *yaml.Node) []pair {
	var own, merged []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := deref(n.Content[i]), deref(n.Content[i+1])
		switch {
		case isMerge(key):
			merged = append(merged, mergeSources(value)...)
		case key.Kind == yaml.ScalarNode:
			own = append(own, pair{key.Value, n.Content[i], value})
		}
	}
	if len(merged) == 0 {
		return own
	}
	given := make(map[string]bool, len(own))
	for _, p := range own {
		given[p.key] = true
	}
	for _, p := range merged {
		if !given[p.key] {
			given[p.key] = true
			own = append(own, p)
		}
	}
	return own
}

// mergeSources returns what a merge key with this value adds: the keys of one mapping or of a list of mappings.
func mergeSources(value *yaml.Node) []pair {
	switch value.Kind {
	case yaml.MappingNode:
		return pairs(value)
	case yaml.SequenceNode:
		var all []pair
		for _, source := range value.Content {
			if source = deref(source); source.Kind == yaml.MappingNode {
				all = append(all, pairs(source)...)
			}
		}
		return all
	}
	return nil
}

// isMerge reports whether key is <<. In msgpack, and in quotes, it is an ordinary key.
func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.Tag == mergeTag }

// deref follows an alias. checkLimits has refused cycles.
func deref(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// describe says what n is, for errors; never its value.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	}
	return "a single value"
}

// knownTag reports whether tag is one of YAML's own, or none.
func knownTag(tag string) bool {
	switch "!!" + strings.TrimPrefix(strings.TrimPrefix(tag, "tag:yaml.org,2002:"), "!!") {
	case "!!", "!!!", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq", "!!timestamp", "!!binary", mergeTag:
		return true
	}
	return false
}
