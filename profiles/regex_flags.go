package profiles

import "unicode/utf8"

// flags are Python's inline flags that a pattern may set.
type flags uint8

const (
	flagIgnoreCase flags = 1 << iota
	flagMultiline
	flagDotAll
	flagVerbose
	flagASCII
	flagUnicode
)

// flagKinds are the two that exclude each other.
const flagKinds = flagASCII | flagUnicode

func (f flags) has(one flags) bool { return f&one != 0 }

// with returns the flags within a group that adds some and removes others.
func (f flags) with(added, removed flags) flags {
	if added.has(flagKinds) {
		f &^= flagKinds
	}
	return (f | added) &^ removed
}

// flagOf returns the flag of a letter, 0 if it has none.
func flagOf(t token) flags {
	switch t.text {
	case "i":
		return flagIgnoreCase
	case "m":
		return flagMultiline
	case "s":
		return flagDotAll
	case "x":
		return flagVerbose
	case "a":
		return flagASCII
	case "u":
		return flagUnicode
	default:
		return 0
	}
}

// flagGroup reads (?i), (?i:...) or (?i-s:...), of which t is the first character behind the question mark.
func (p *regexParser) flagGroup(open, t token, f flags, depth int, start bool) (*node, error) {
	added, end, err := p.flagLetters(open, t)
	if err != nil {
		return nil, err
	}
	if added.has(flagASCII) && added.has(flagUnicode) {
		return nil, malformed(open, "the flags a and u exclude each other")
	}
	if end.text == ")" {
		return nil, p.setGlobal(open, added, start)
	}
	var removed flags
	if end.text == "-" {
		if removed, end, err = p.removedFlags(open); err != nil {
			return nil, err
		}
	}
	if end.text != ":" {
		return nil, malformed(open, "`(?` and flags must be followed by `)` or `:`")
	}
	if added&removed != 0 {
		return nil, malformed(open, "a flag is both turned on and off")
	}
	return p.groupBody(open, f.with(added, removed), depth)
}

// flagLetters reads letters from t on and returns their flags and the token behind them.
func (p *regexParser) flagLetters(open, t token) (set flags, end token, err error) {
	for ; ; t = p.take() {
		flag := flagOf(t)
		switch {
		case flag != 0:
			set |= flag
		case t.text == "L" || t.text == "t":
			return 0, t, malformed(open, "the flag %s cannot be used", t.text)
		case t.text == ")" || t.text == ":" || t.text == "-":
			return set, t, nil
		case t.text == "":
			return 0, t, malformed(open, "`(?` is not closed")
		default:
			return 0, t, unknownExtension(open, t)
		}
	}
}

func (p *regexParser) removedFlags(open token) (set flags, end token, err error) {
	set, end, err = p.flagLetters(open, p.take())
	switch {
	case err != nil:
		return 0, end, err
	case set == 0:
		return 0, end, malformed(open, "a flag is missing behind `-`")
	case set.has(flagKinds):
		return 0, end, malformed(open, "the flags a and u cannot be turned off")
	}
	return set, end, nil
}

// setGlobal applies flags to the whole pattern.
func (p *regexParser) setGlobal(open token, added flags, start bool) error {
	switch {
	case added == 0:
		return malformed(open, "`(?)` sets no flag")
	case !start:
		return malformed(open, "flags for the whole pattern must be at its start; for a part write `(?i:...)`")
	}
	if p.global |= added; p.global&flagKinds == flagKinds {
		return malformed(open, "the flags a and u exclude each other")
	}
	return nil
}

func unknownExtension(open, t token) error {
	if r, size := utf8.DecodeRuneInString(t.text); size == 1 && r == 'U' {
		return malformed(open, "the flag U is of RE2 only; for a full match it would change nothing")
	}
	return malformed(open, "`(?%s` begins nothing that Python knows", t.text)
}
