package profiles

import "unicode"

// categories are the sets of \d, \w and \s and their opposites, made when first asked for. Callers only read them.
type categories struct {
	made map[categoryKey]runeSet
}

type categoryKey struct {
	letter byte
	ascii  bool
}

// of returns the set of an escape's letter.
func (c *categories) of(letter byte, f flags) (runeSet, bool) {
	switch letter {
	case 'd', 'w', 's', 'D', 'W', 'S':
	default:
		return nil, false
	}
	key := categoryKey{letter, f.has(flagASCII)}
	if set, ok := c.made[key]; ok {
		return set, true
	}
	set := category(letter|0x20, key.ascii)
	if letter < 'a' {
		set = set.negate()
	}
	if c.made == nil {
		c.made = map[categoryKey]runeSet{}
	}
	c.made[key] = set
	return set, true
}

// category returns what Python's re takes for a digit (str.isdecimal), a letter of a word (str.isalnum or an
// underscore) and a space (str.isspace).
func category(letter byte, ascii bool) runeSet {
	switch {
	case letter == 'd' && ascii:
		return runeSet{{'0', '9'}}
	case letter == 'd':
		return tableSet(unicode.Nd)
	case letter == 'w' && ascii:
		return runeSet{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}
	case letter == 'w':
		return append(tableSet(unicode.L, unicode.N), runeRange{'_', '_'}).normalize()
	case ascii:
		return runeSet{{'\t', '\r'}, {' ', ' '}}
	default: // Unicode's spaces, and the four separators of ASCII
		return append(tableSet(unicode.White_Space), runeRange{0x1C, 0x1F}).normalize()
	}
}
