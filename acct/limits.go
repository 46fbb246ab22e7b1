package acct

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const (
	maxBytes = 1 << 20 // of the file, and of each file that it refers to
	maxDepth = 64
	// maxNodes bounds keys and values together, each alias counted as what it stands for: parsing takes about a
	// microsecond and 500 bytes for each. It bounds lines and punctuation too, see isSeparator.
	maxNodes = 50_000
)

var (
	errTooLarge = errors.New("is larger than 1 MiB")
	errTooMany  = errors.New("has over 50,000 keys, values and lines, counting what aliases stand for; split the file")
	errTooDeep  = errors.New("is nested over 64 levels deep")
	errCycle    = errors.New("an anchor contains an alias to itself")
)

// checkText refuses what is no UTF-8 text or would make the YAML parser work too hard. It returns data without a byte
// order mark.
func (f *File) checkText(data []byte) ([]byte, error) {
	if len(data) > maxBytes {
		return nil, f.wrong("%w", errTooLarge)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, f.wrong("is UTF-16; save it as UTF-8")
	}
	// Before anything else: of an encrypted file, what is wrong first is chance.
	if i := firstInvalid(data); i >= 0 {
		return nil, f.errorf(&yaml.Node{Line: lineAt(data, i)}, "",
			"is not UTF-8 text; save it as UTF-8, or, if it is encrypted, give its key in ACCT_KEY or a key file")
	}
	line, separators := 1, 0
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f {
			return nil, f.errorf(&yaml.Node{Line: line}, "", "control character %U; in a quoted string write an escape such as \"\\x1b\"", r)
		}
		if isSeparator(data, i) {
			separators++
		}
		if r == '\n' {
			line++
		}
		i += size
	}
	if separators > maxNodes {
		return nil, f.wrong("%w", errTooMany)
	}
	return data, nil
}

// firstInvalid returns the offset of the first byte that is no UTF-8; -1 if there is none.
func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// isSeparator reports whether a node may start after data[i]. The parser allocates for each, so they are counted
// before it runs.
func isSeparator(data []byte, i int) bool {
	switch data[i] {
	case '\n', ',', ':', '[', '{', '?':
		return true
	case '-':
		return i+1 == len(data) || data[i+1] == ' ' || data[i+1] == '\t' || data[i+1] == '\n' || data[i+1] == '\r'
	}
	return false
}

// extent is how much a node stands for, aliases included.
type extent struct{ nodes, height int }

// checkLimits refuses trees that are too large or too deep once their aliases are followed, without following any
// alias twice.
func (f *File) checkLimits(root *yaml.Node) error {
	anchored := make(map[*yaml.Node]*extent)
	_, at, err := measure(root, 0, anchored)
	if err != nil {
		return f.errorAt(at, "", err)
	}
	return nil
}

// measure returns the extent of n, which is depth levels below the root, or the node that breaks a limit. anchored
// remembers the extent of nodes that have an anchor; nil: under way.
func measure(n *yaml.Node, depth int, anchored map[*yaml.Node]*extent) (extent, *yaml.Node, error) {
	if depth > maxDepth {
		return extent{}, n, errTooDeep
	}
	if n.Kind == yaml.AliasNode {
		e := anchored[n.Alias]
		switch {
		case e == nil:
			return extent{}, n, errCycle
		case depth+e.height > maxDepth:
			return extent{}, n, errTooDeep
		}
		return *e, n, nil
	}
	if n.Anchor != "" {
		anchored[n] = nil
	}
	sum := extent{nodes: 1}
	for _, child := range n.Content {
		e, at, err := measure(child, depth+1, anchored)
		if err != nil {
			return extent{}, at, err
		}
		sum.nodes += e.nodes
		sum.height = max(sum.height, e.height+1)
		if sum.nodes > maxNodes {
			return extent{}, child, errTooMany
		}
	}
	if n.Anchor != "" {
		whole := sum // only anchored extents go to the heap
		anchored[n] = &whole
	}
	return sum, n, nil
}
