package profiles

import (
	"cmp"
	"slices"
	"unicode"
)

// foldTable knows which characters Python's re takes for the same under the flag i: those of equal lower case, and those
// whose lower cases share an upper case. This is wider than RE2's folding in places (i, İ and ı are one, and so are
// U+0390 and U+1FD3), so evhub spells the sets out. It covers characters up to U+FFFF; beyond them Python contradicts
// itself.
type foldTable struct {
	cased []casedChar // all that have an equal, ascending
}

type casedChar struct {
	char   rune
	equals []rune // itself among them
}

// lastFolded is the last character that a fold table covers.
const lastFolded = 0xFFFF

// fullCasePairs share an upper case only in Unicode's full mapping, where it is several characters.
var fullCasePairs = [...][2]rune{{0x0390, 0x1FD3}, {0x03B0, 0x1FE3}, {0xFB05, 0xFB06}}

func newFoldTable() *foldTable {
	type keyed struct{ key, char rune }
	var all []keyed
	for _, cased := range unicode.CaseRanges {
		for r := rune(cased.Lo); r <= min(rune(cased.Hi), lastFolded); r++ {
			lower := unicode.ToLower(r)
			upper := unicode.ToUpper(lower)
			all = append(all, keyed{upper, r}, keyed{upper, lower})
		}
	}
	for i, pair := range fullCasePairs {
		all = append(all, keyed{-1 - rune(i), pair[0]}, keyed{-1 - rune(i), pair[1]})
	}
	slices.SortFunc(all, func(a, b keyed) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.char, b.char)) })
	all = slices.Compact(all)

	table := &foldTable{}
	equals := make([]rune, 0, len(all)) // the orbits, one behind the other
	for i, k := range all {
		equals = append(equals, k.char)
		if i+1 < len(all) && all[i+1].key == k.key {
			continue
		}
		for _, r := range equals {
			if len(equals) > 1 {
				table.cased = append(table.cased, casedChar{r, equals})
			}
		}
		equals = equals[len(equals):]
	}
	slices.SortFunc(table.cased, func(a, b casedChar) int { return cmp.Compare(a.char, b.char) })
	return table
}

// fold returns a range and the equals of its characters. It is not ok for letters beyond the table.
func (t *foldTable) fold(r runeRange) (folded runeSet, ok bool) {
	if r.hi > lastFolded && (r.lo != r.hi || unicode.ToLower(r.lo) != r.lo || unicode.ToUpper(r.lo) != r.lo) {
		return nil, false
	}
	folded = runeSet{r}
	first, _ := slices.BinarySearchFunc(t.cased, r.lo, func(c casedChar, lo rune) int { return cmp.Compare(c.char, lo) })
	for _, c := range t.cased[first:] {
		if c.char > r.hi {
			break
		}
		for _, equal := range c.equals {
			if equal < r.lo || equal > r.hi {
				folded = append(folded, runeRange{equal, equal})
			}
		}
	}
	return folded, true
}

// foldASCII is fold under the flag a, which knows the letters of ASCII only.
func foldASCII(r runeRange) runeSet {
	folded := runeSet{r}
	if lo, hi := max(r.lo, 'a'), min(r.hi, 'z'); lo <= hi {
		folded = append(folded, runeRange{lo - 'a' + 'A', hi - 'a' + 'A'})
	}
	if lo, hi := max(r.lo, 'A'), min(r.hi, 'Z'); lo <= hi {
		folded = append(folded, runeRange{lo - 'A' + 'a', hi - 'A' + 'a'})
	}
	return folded
}
