package profiles

import "strings"

// setNode makes the node of a finished set and charges for its size.
func (p *regexParser) setNode(t token, set runeSet) (*node, error) {
	if err := p.charge(t, len(set)); err != nil {
		return nil, err
	}
	return &node{op: opSet, at: t, set: set, cost: 1}, nil
}

func (p *regexParser) charge(t token, ranges int) error {
	if p.ranges += ranges; p.ranges > maxRanges {
		return malformed(t, "the pattern's sets have more than %d ranges (each `\\w` about 750); "+
			"evhub bounds the memory and time a pattern can take", maxRanges)
	}
	return nil
}

// character makes the node of a literal character.
func (p *regexParser) character(t token, r rune, f flags) (*node, error) {
	set, err := p.fold(t, runeRange{r, r}, f)
	if err != nil {
		return nil, err
	}
	return p.setNode(t, set.normalize())
}

// set reads a set in brackets, behind the opening one.
func (p *regexParser) set(open token, f flags) (*node, error) {
	negated := p.accept("^")
	var set runeSet
	for first := true; ; first = false {
		t := p.take()
		if t.text == "" {
			return nil, malformed(open, "`[` is not closed")
		}
		if t.text == "]" && !first {
			break
		}
		element, end, err := p.element(open, t, f)
		if err != nil {
			return nil, err
		}
		set = append(set, element...)
		if err := p.charge(t, len(element)); err != nil {
			return nil, err
		}
		if end {
			break
		}
	}
	set = set.normalize()
	if negated {
		set = set.negate()
	}
	return p.setNode(open, set)
}

// element reads one element of a set: a character, a class or a range. end says that the closing bracket was read too.
func (p *regexParser) element(open, t token, f flags) (element runeSet, end bool, err error) {
	from, class, err := p.setChar(t, f)
	if err != nil {
		return nil, false, err
	}
	if !p.accept("-") {
		element, err = p.single(t, from, class, f)
		return element, false, err
	}
	last := p.take()
	switch last.text {
	case "":
		return nil, false, malformed(open, "`[` is not closed")
	case "]":
		element, err = p.single(t, from, class, f)
		return append(element[:len(element):len(element)], runeRange{'-', '-'}), true, err
	}
	to, lastClass, err := p.setChar(last, f)
	if err != nil {
		return nil, false, err
	}
	if class != nil || lastClass != nil || to < from {
		return nil, false, malformed(t, "`%s-%s` is no range of characters", t.text, last.text)
	}
	element, err = p.fold(t, runeRange{from, to}, f)
	return element, false, err
}

func (p *regexParser) single(t token, r rune, class runeSet, f flags) (runeSet, error) {
	if class != nil {
		return class, nil
	}
	return p.fold(t, runeRange{r, r}, f)
}

// setChar reads what can stand in a set: a class, which is then not nil, or else a character.
func (p *regexParser) setChar(t token, f flags) (r rune, class runeSet, err error) {
	if t.text == "[" {
		if name := posixClass(p.source[t.offset:]); name != "" {
			return 0, nil, malformed(t, "POSIX classes such as `%s` are not in Python's re, which takes it for single "+
				"characters; write `\\w`, `\\d`, `\\s` or the characters, and `\\[` for a bracket", name)
		}
	}
	if !t.escape() {
		return t.char(), nil, nil
	}
	if class, ok := p.sets.of(t.text[1], f); ok {
		return 0, class, nil
	}
	if t.text == `\b` {
		return '\b', nil, nil
	}
	r, err = p.escapedChar(t)
	return r, nil, err
}

// posixClass returns the POSIX class that the text begins with, or "".
func posixClass(text string) string {
	inner, ok := strings.CutPrefix(text, "[:")
	if !ok {
		return ""
	}
	name, _, ok := strings.Cut(inner, ":]")
	if !ok || strings.Trim(name, "^abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return "[:" + name + ":]"
}

// fold returns the characters of a range and, under the flag i, those that Python's re takes for the same.
func (p *regexParser) fold(t token, r runeRange, f flags) (runeSet, error) {
	if !f.has(flagIgnoreCase) {
		return runeSet{r}, nil
	}
	if f.has(flagASCII) {
		return foldASCII(r), nil
	}
	if p.folds == nil {
		p.folds = newFoldTable()
	}
	folded, ok := p.folds.fold(r)
	if !ok {
		return nil, malformed(t, "the flag i together with letters beyond U+FFFF is not done by evhub: "+
			"Python's re itself answers differently in a set and outside of one")
	}
	return folded, p.charge(t, len(folded))
}
