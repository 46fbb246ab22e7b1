package profiles

import (
	"slices"
	"unicode"
)

// foldTable knows which characters Python's re takes for the same under the flag i: those of equal lower case, and those
// whose lower cases share an upper case. This is wider than RE2's folding in places (i, İ and ı are one, and so are
// U+0390 and U+1FD3), so evhub spells the sets out. It covers characters up to U+FFFF; beyond them Python contradicts itself.
type foldTable struct {
	cased  []rune // all that have an equal, ascending
	equals map[rune][]rune
}

// lastFolded is the last character that a fold table covers.
const lastFolded = 0xFFFF

// fullCasePairs share an upper case only in Unicode's full mapping, where it is several characters.
var fullCasePairs = [...][2]rune{{0x0390, 0x1FD3}, {0x03B0, 0x1FE3}, {0xFB05, 0xFB06}}

func newFoldTable() *foldTable {
	orbits := map[rune][]rune{}
	add := func(r rune) {
		key := unicode.ToUpper(unicode.ToLower(r))
		if !slices.Contains(orbits[key], r) {
			orbits[key] = append(orbits[key], r)
		}
	}
	for _, cased := range unicode.CaseRanges {
		for r := rune(cased.Lo); r <= min(rune(cased.Hi), lastFolded); r++ {
			add(r)
			add(unicode.ToLower(r))
			add(unicode.ToUpper(r))
		}
	}
	for i, pair := range fullCasePairs {
		orbits[-1-rune(i)] = pair[:]
	}
	table := &foldTable{equals: map[rune][]rune{}}
	for _, orbit := range orbits {
		if len(orbit) == 1 {
			continue
		}
		for _, r := range orbit {
			table.equals[r] = orbit
			table.cased = append(table.cased, r)
		}
	}
	slices.Sort(table.cased)
	return table
}

// fold returns a range and the equals of its characters. It is not ok for letters beyond the table.
func (t *foldTable) fold(r runeRange) (folded runeSet, ok bool) {
	if r.hi > lastFolded && (r.lo != r.hi || unicode.ToLower(r.lo) != r.lo || unicode.ToUpper(r.lo) != r.lo) {
		return nil, false
	}
	folded = runeSet{r}
	first, _ := slices.BinarySearch(t.cased, r.lo)
	for _, c := range t.cased[first:] {
		if c > r.hi {
			break
		}
		for _, equal := range t.equals[c] {
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
