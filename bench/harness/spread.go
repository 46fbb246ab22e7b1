package harness

import (
	"slices"
	"strconv"
)

// spread is the smallest, the middle and the largest of some values.
type spread struct{ least, median, most float64 }

// spreadOf returns the spread of values, of which there is at least one.
func spreadOf(values []float64) spread {
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	return spread{s[0], (s[(n-1)/2] + s[n/2]) / 2, s[n-1]}
}

// String writes the three with three significant digits.
func (s spread) String() string {
	return number(s.least) + " / " + number(s.median) + " / " + number(s.most)
}

// number writes v with three significant digits, or without a fraction and with commas from a thousand on.
func number(v float64) string {
	if v < 1000 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
