package profiles

import (
	"strings"
	"unicode"
)

// group reads what is in parentheses, behind the opening one; nil stands for a comment or flags. start says whether
// flags for the whole pattern may stand here.
func (p *regexParser) group(open token, f flags, depth int, start bool) (*node, error) {
	if !p.accept("?") {
		return p.groupBody(open, f, depth)
	}
	switch t := p.take(); t.text {
	case "":
		return nil, malformed(open, "`(?` is not closed")
	case ":":
		return p.groupBody(open, f, depth)
	case "P":
		return p.namedGroup(open, f, depth)
	case "#":
		return nil, p.comment(open)
	case "=", "!":
		return nil, refused(open, "lookahead `(?"+t.text+"`")
	case "<":
		return nil, p.lookbehind(open)
	case "(":
		return nil, refused(open, "a condition `(?(`")
	case ">":
		return nil, refused(open, "an atomic group `(?>`")
	default:
		return p.flagGroup(open, t, f, depth, start)
	}
}

func (p *regexParser) groupBody(open token, f flags, depth int) (*node, error) {
	body, err := p.alternation(f, depth+1)
	if err != nil {
		return nil, err
	}
	if !p.accept(")") {
		return nil, malformed(open, "`(` is not closed")
	}
	return &node{op: opGroup, at: open, parts: []*node{body}, cost: body.cost}, nil
}

func (p *regexParser) comment(open token) error {
	for t := p.take(); t.text != ")"; t = p.take() {
		if t.text == "" {
			return malformed(open, "the comment `(?#` is not closed")
		}
	}
	return nil
}

func (p *regexParser) lookbehind(open token) error {
	if t := p.take(); t.text == "=" || t.text == "!" {
		return refused(open, "lookbehind `(?<"+t.text+"`")
	}
	return malformed(open, "`(?<` begins nothing that Python knows; a named group is `(?P<name>...)`")
}

func (p *regexParser) namedGroup(open token, f flags, depth int) (*node, error) {
	switch t := p.take(); t.text {
	case "<":
		name, err := p.groupName(open)
		if err != nil {
			return nil, err
		}
		if p.names[name] {
			return nil, malformed(open, "there are two groups named %q", name)
		}
		p.names[name] = true
		return p.groupBody(open, f, depth)
	case "=":
		return nil, refused(open, "a backreference `(?P=`")
	default:
		return nil, malformed(open, "`(?P%s` begins nothing that Python knows", t.text)
	}
}

func (p *regexParser) groupName(open token) (string, error) {
	var name strings.Builder
	for t := p.take(); t.text != ">"; t = p.take() {
		if t.text == "" {
			return "", malformed(open, "the name of a group is not closed with `>`")
		}
		name.WriteString(t.text)
	}
	if !identifier(name.String()) {
		return "", malformed(open, "%q cannot name a group: letters, digits and underscores, no digit first",
			name.String())
	}
	return name.String(), nil
}

func identifier(name string) bool {
	for i, r := range name {
		if r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.Nl, r) {
			continue
		}
		if i == 0 || !unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc) {
			return false
		}
	}
	return name != ""
}
