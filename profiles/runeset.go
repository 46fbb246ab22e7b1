package profiles

import (
	"cmp"
	"slices"
	"unicode"
)

// runeRange is the characters from lo to hi, both included.
type runeRange struct{ lo, hi rune }

// runeSet is a set of characters. Normalized, its ranges are sorted, do not touch, and hold no surrogates: these are no
// characters of a profile.
type runeSet []runeRange

const (
	surrogateMin = 0xD800
	surrogateMax = 0xDFFF
)

// everything is all characters.
var everything = runeSet{{0, surrogateMin - 1}, {surrogateMax + 1, unicode.MaxRune}}

// normalize returns the same set in normalized form; s may be overwritten.
func (s runeSet) normalize() runeSet {
	slices.SortFunc(s, func(a, b runeRange) int { return cmp.Compare(a.lo, b.lo) })
	merged := s[:0]
	for _, r := range s {
		last := len(merged) - 1
		if last >= 0 && r.lo <= merged[last].hi+1 {
			merged[last].hi = max(merged[last].hi, r.hi)
			continue
		}
		merged = append(merged, r)
	}
	return merged.withoutSurrogates()
}

func (s runeSet) withoutSurrogates() runeSet {
	out := make(runeSet, 0, len(s)+1)
	for _, r := range s {
		if r.lo < surrogateMin {
			out = append(out, runeRange{r.lo, min(r.hi, surrogateMin-1)})
		}
		if r.hi > surrogateMax {
			out = append(out, runeRange{max(r.lo, surrogateMax+1), r.hi})
		}
	}
	return slices.DeleteFunc(out, func(r runeRange) bool { return r.lo > r.hi })
}

// negate returns all characters that are not in s, which must be normalized.
func (s runeSet) negate() runeSet {
	out := make(runeSet, 0, len(s)+1)
	next := rune(0)
	for _, r := range s {
		if next < r.lo {
			out = append(out, runeRange{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, runeRange{next, unicode.MaxRune})
	}
	return out.withoutSurrogates()
}

// single returns the only character of the set, if it has just one.
func (s runeSet) single() (rune, bool) {
	if len(s) != 1 || s[0].lo != s[0].hi {
		return 0, false
	}
	return s[0].lo, true
}

// tableSet returns the characters of Unicode tables.
func tableSet(tables ...*unicode.RangeTable) runeSet {
	var s runeSet
	for _, table := range tables {
		for _, r := range table.R16 {
			s = s.appendStrided(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range table.R32 {
			s = s.appendStrided(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return s.normalize()
}

func (s runeSet) appendStrided(lo, hi, stride rune) runeSet {
	if stride == 1 {
		return append(s, runeRange{lo, hi})
	}
	for r := lo; r <= hi; r += stride {
		s = append(s, runeRange{r, r})
	}
	return s
}
