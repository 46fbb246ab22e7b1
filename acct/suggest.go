package acct

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// ErrUnknownKey is what an *Error about a key that the configuration does not have wraps.
var ErrUnknownKey = errors.New("unknown key")

// maxListed bounds how many known keys an error lists.
const maxListed = 16

// suggest returns the candidate that word was probably meant to be; "" if none is near.
func suggest(word string, candidates []string) string {
	best, bestDistance := "", 3
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if fold(c) == fold(word) {
			return c
		}
		// In a short word two edits make another word.
		if d := editDistance(word, c); d < bestDistance && d*3 <= len(c) {
			best, bestDistance = c, d
		}
	}
	return best
}

// fold removes the differences that people do not see: case, dashes, underscores.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours. Words that differ by more than two
// in length are just far apart.
func editDistance(a, b string) int {
	if len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return max(len(a), len(b))
	}
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// unknownKey says that key is none of the fields, and which was probably meant.
func unknownKey(key string, f fields) error {
	known := slices.Sorted(maps.Keys(f))
	if s := suggest(key, known); s != "" {
		return fmt.Errorf("%w; did you mean %s?", ErrUnknownKey, s)
	}
	for _, name := range known {
		if _, ok := f.nested(name)[key]; ok {
			return fmt.Errorf("%w; did you mean %s.%s?", ErrUnknownKey, name, key)
		}
	}
	switch {
	case len(known) == 0:
		return fmt.Errorf("%w; there are no settings here", ErrUnknownKey)
	case len(known) > maxListed:
		return ErrUnknownKey
	}
	return fmt.Errorf("%w; the keys here are %s", ErrUnknownKey, strings.Join(known, ", "))
}
