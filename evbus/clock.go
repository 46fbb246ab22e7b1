package evbus

import "time"

// clock parses times as records spell them. Those of neighbours mostly differ in the part of a second alone.
type clock struct {
	text   [len(toSecond)]byte
	second time.Time
}

const toSecond = "2006-01-02T15:04:05"

// parse is time.Parse for time.RFC3339Nano.
func (c *clock) parse(text []byte) (time.Time, error) {
	if nanos, ok := fraction(text); ok && string(text[:len(toSecond)]) == string(c.text[:]) {
		return c.second.Add(nanos), nil
	}
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if nanos, ok := fraction(text); ok && err == nil {
		c.second = t.Add(-nanos)
		copy(c.text[:], text)
	}
	return t, err
}

// fraction returns the part of a second of a time in UTC, and whether text is one as far as that can be told.
func fraction(text []byte) (nanos time.Duration, ok bool) {
	end := len(text) - 1
	if end < len(toSecond) || text[end] != 'Z' {
		return 0, false
	}
	if end == len(toSecond) {
		return 0, true
	}
	digits := text[len(toSecond)+1 : end]
	if text[len(toSecond)] != '.' || len(digits) == 0 || len(digits) > 9 {
		return 0, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		nanos = 10*nanos + time.Duration(d-'0')
	}
	return nanos * units[len(digits)], true
}

// units is what one is worth in the last of so many digits.
var units = [10]time.Duration{1: 1e8, 2: 1e7, 3: 1e6, 4: 1e5, 5: 1e4, 6: 1e3, 7: 100, 8: 10, 9: 1}
