package profiles

import "slices"

// op is the kind of a node.
type op int

const (
	opSet       op = iota + 1 // one character out of a set
	opConcat                  // the parts one after the other; without parts: the empty text
	opAlternate               // one of the parts
	opRepeat                  // the only part, min to max times
	opGroup                   // the only part, in parentheses
	opBeginText               // ^ and \A
	opEndText                 // \Z
	opDollar                  // $, see checkDollars
	opBeginLine               // ^ under the flag m
	opEndLine                 // $ under the flag m
)

// unlimited is the max of a repetition without an upper bound.
const unlimited = -1

// node is a part of a regex. Flags are already worked into the sets and the kinds.
type node struct {
	op       op
	at       token
	set      runeSet // opSet
	parts    []*node
	min, max int // opRepeat
	cost     int // how many instructions RE2 will need, roughly and at least
}

// anchor says whether the node is a position and no text, which cannot be repeated.
func (n *node) anchor() bool { return n.op >= opBeginText }

// empty says whether nothing but the empty text can match.
func (n *node) empty() bool {
	switch n.op {
	case opSet:
		return false
	case opRepeat:
		return n.max == 0 || n.parts[0].empty()
	default:
		for _, part := range n.parts {
			if !part.empty() {
				return false
			}
		}
		return true
	}
}

// literal returns the only text that matches, if the node says no more than that.
func (n *node) literal() (string, bool) {
	switch n.op {
	case opSet:
		r, ok := n.set.single()
		return string(r), ok
	case opConcat, opGroup:
		text := ""
		for _, part := range n.parts {
			more, ok := part.literal()
			if !ok {
				return "", false
			}
			text += more
		}
		return text, true
	default:
		return "", false
	}
}

// checkDollars refuses `$` before something that can match text. Python's `$` also matches before a newline that ends
// the name. RE2 has no such assertion; but where nothing follows, a full match makes it the end of the name.
// last says whether only the empty text can follow the node.
func checkDollars(n *node, last bool) error {
	switch n.op {
	case opDollar:
		if !last {
			return refused(n.at, "`$` before more of the pattern (Python lets it match before a last newline; "+
				"`\\Z` is the end of the name, `(?m:$)` the end of a line)")
		}
	case opConcat:
		for _, v := range slices.Backward(n.parts) {
			if err := checkDollars(v, last); err != nil {
				return err
			}
			last = last && v.empty()
		}
	case opRepeat:
		once := n.max == 0 || n.max == 1
		return checkDollars(n.parts[0], last && (once || n.parts[0].empty()))
	default:
		for _, part := range n.parts {
			if err := checkDollars(part, last); err != nil {
				return err
			}
		}
	}
	return nil
}
