package profiles

import (
	"fmt"
	"regexp"
	"strings"
)

// writeRE2 spells the tree as an expression of Go's regexp that matches whole names. Groups are not captured, since only
// the answer counts, and no flag is left.
func writeRE2(tree *node) string {
	var out strings.Builder
	out.WriteString(`\A(?:`)
	writeNode(&out, tree)
	out.WriteString(`)\z`)
	return out.String()
}

func writeNode(out *strings.Builder, n *node) {
	switch n.op {
	case opSet:
		writeSet(out, n.set)
	case opConcat:
		for _, part := range n.parts {
			writeNode(out, part)
		}
	case opAlternate:
		out.WriteString("(?:")
		for i, part := range n.parts {
			if i > 0 {
				out.WriteByte('|')
			}
			writeNode(out, part)
		}
		out.WriteByte(')')
	case opGroup:
		writeNode(out, n.parts[0])
	case opRepeat:
		out.WriteString("(?:")
		writeNode(out, n.parts[0])
		out.WriteByte(')')
		writeQuantifier(out, n.min, n.max)
	case opBeginText:
		out.WriteString(`\A`)
	case opEndText, opDollar:
		out.WriteString(`\z`)
	case opBeginLine:
		out.WriteString(`(?m:^)`)
	case opEndLine:
		out.WriteString(`(?m:$)`)
	}
}

func writeQuantifier(out *strings.Builder, least, most int) {
	switch {
	case most == unlimited:
		fmt.Fprintf(out, "{%d,}", least)
	default:
		fmt.Fprintf(out, "{%d,%d}", least, most)
	}
}

func writeSet(out *strings.Builder, set runeSet) {
	if r, ok := set.single(); ok {
		out.WriteString(regexp.QuoteMeta(string(r)))
		return
	}
	if len(set) == 0 {
		out.WriteString(`[^\x{0}-\x{10FFFF}]`)
		return
	}
	out.WriteByte('[')
	for _, r := range set {
		fmt.Fprintf(out, `\x{%X}-\x{%X}`, r.lo, r.hi)
	}
	out.WriteByte(']')
}
