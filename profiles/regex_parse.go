package profiles

import (
	"unicode/utf8"
)

const (
	// maxInstructions bounds what a pattern may unfold to, and with it memory and the time for one name.
	maxInstructions = 10_000
	// maxRanges bounds the work for sets: each \w has about 750 ranges.
	maxRanges = 100_000
	// maxDepth bounds how deep groups nest.
	maxDepth = 200
	// maxRepeat is RE2's limit for one repetition.
	maxRepeat = 1000
)

// token is what Python's parser looks at: one character, or a backslash with the character behind it.
type token struct {
	text   string // "" at the end of the pattern
	offset int
}

// char returns the character, for a token that is no escape.
func (t token) char() rune {
	r, _ := utf8.DecodeRuneInString(t.text)
	return r
}

func (t token) escape() bool { return len(t.text) > 1 && t.text[0] == '\\' }

// regexParser reads Python's syntax of regular expressions, in one pass and in the order in which Python does, so that
// even the odd corners (`a{,3}`, `x{a}`, `[]a]`, a comment between a character and its quantifier) mean the same.
type regexParser struct {
	source string
	tokens []token // the last one is the end
	next   int
	global flags // what (?i) and the like at the start of the pattern have set
	names  map[string]bool
	sets   categories
	folds  *foldTable // nil until a flag i is met
	ranges int        // spent so far, see maxRanges
}

// parseRegex returns the tree of a pattern in Python's syntax.
func parseRegex(pattern string) (*node, error) {
	p := &regexParser{source: pattern, names: map[string]bool{}}
	if err := p.split(); err != nil {
		return nil, err
	}
	tree, err := p.alternation(0, 0)
	if err != nil {
		return nil, err
	}
	if end := p.peek(); end.text != "" {
		return nil, malformed(end, "`)` without `(`")
	}
	return tree, nil
}

// split makes the tokens.
func (p *regexParser) split() error {
	for i := 0; i < len(p.source); {
		start := i
		if p.source[i] == '\\' {
			i++
			if i == len(p.source) {
				return malformed(token{offset: start}, "the pattern ends in a backslash; a literal one is `\\\\`")
			}
		}
		_, size := utf8.DecodeRuneInString(p.source[i:])
		i += size
		p.tokens = append(p.tokens, token{p.source[start:i], start})
	}
	p.tokens = append(p.tokens, token{"", len(p.source)})
	return nil
}

func (p *regexParser) peek() token { return p.tokens[p.next] }

// take returns the next token and steps over it, but never over the end.
func (p *regexParser) take() token {
	t := p.tokens[p.next]
	if t.text != "" {
		p.next++
	}
	return t
}

// accept steps over the next token if it is the given one.
func (p *regexParser) accept(text string) bool {
	if p.peek().text != text {
		return false
	}
	p.next++
	return true
}

// alternation reads branches up to a closing parenthesis or the end. At depth 0 the flags are the global ones.
func (p *regexParser) alternation(f flags, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, malformed(p.peek(), "groups nest deeper than %d", maxDepth)
	}
	alternatives := &node{op: opAlternate, at: p.peek()}
	for {
		branch, err := p.sequence(f, depth, len(alternatives.parts) == 0)
		if err != nil {
			return nil, err
		}
		alternatives.parts = append(alternatives.parts, branch)
		alternatives.cost += branch.cost + 1
		if !p.accept("|") {
			break
		}
	}
	if len(alternatives.parts) == 1 {
		return alternatives.parts[0], nil
	}
	return alternatives, p.checkCost(alternatives)
}

// sequence reads items up to a bar, a closing parenthesis or the end.
func (p *regexParser) sequence(f flags, depth int, first bool) (*node, error) {
	seq := &node{op: opConcat, at: p.peek(), cost: 1}
	for {
		if depth == 0 {
			f = p.global
		}
		t := p.peek()
		if t.text == "" || t.text == "|" || t.text == ")" {
			return seq, p.checkCost(seq)
		}
		p.take()
		if f.has(flagVerbose) && p.skipVerbose(t) {
			continue
		}
		if count, ok, err := p.quantifier(t); err != nil {
			return nil, err
		} else if ok {
			if err := p.repeatLast(seq, t, count); err != nil {
				return nil, err
			}
			continue
		}
		start := first && depth == 0 && len(seq.parts) == 0
		item, err := p.item(t, f, depth, start)
		if err != nil {
			return nil, err
		}
		if item != nil {
			seq.parts = append(seq.parts, item)
			seq.cost += item.cost
		}
	}
}

// item reads what begins with t; nil stands for a comment or flags.
func (p *regexParser) item(t token, f flags, depth int, start bool) (*node, error) {
	switch {
	case t.escape():
		return p.escaped(t, f)
	case t.text == "[":
		return p.set(t, f)
	case t.text == "(":
		return p.group(t, f, depth, start)
	case t.text == ".":
		if f.has(flagDotAll) {
			return p.setNode(t, everything)
		}
		return p.setNode(t, runeSet{{'\n', '\n'}}.negate())
	case t.text == "^" && f.has(flagMultiline):
		return &node{op: opBeginLine, at: t, cost: 1}, nil
	case t.text == "^":
		return &node{op: opBeginText, at: t, cost: 1}, nil
	case t.text == "$" && f.has(flagMultiline):
		return &node{op: opEndLine, at: t, cost: 1}, nil
	case t.text == "$":
		return &node{op: opDollar, at: t, cost: 1}, nil
	default:
		return p.character(t, t.char(), f)
	}
}

// skipVerbose steps over white space and comments between items under the flag x.
func (p *regexParser) skipVerbose(t token) bool {
	switch t.text {
	case " ", "\t", "\n", "\r", "\v", "\f":
		return true
	case "#":
		for end := p.take(); end.text != "" && end.text != "\n"; {
			end = p.take()
		}
		return true
	default:
		return false
	}
}

func (p *regexParser) checkCost(n *node) error {
	if n.cost > maxInstructions {
		return malformed(n.at, "the pattern unfolds to more than %d steps, mostly by its repetitions; "+
			"evhub bounds the memory and time a pattern can take", maxInstructions)
	}
	return nil
}
