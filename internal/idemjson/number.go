package idemjson

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

func isDigit(c byte) bool { return c-'0' <= 9 }

// numberEnd returns the index behind the JSON number that begins at s[i], or -1 minus the index of the byte that
// should be a digit.
func numberEnd[T string | []byte](s T, i int) int {
	if i < len(s) && s[i] == '-' {
		i++
	}
	switch {
	case i < len(s) && s[i] == '0':
		i++
	default:
		if i = digitsEnd(s, i); i < 0 {
			return i
		}
	}
	if i < len(s) && s[i] == '.' {
		if i = digitsEnd(s, i+1); i < 0 {
			return i
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		return digitsEnd(s, i)
	}
	return i
}

// digitsEnd returns the index behind the digits from s[i] on, or -1-i if there is none.
func digitsEnd[T string | []byte](s T, i int) int {
	start := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == start {
		return -1 - i
	}
	return i
}

// appendNumber appends the digits of a json.Number. The empty one means 0, as for encoding/json.
func appendNumber(dst []byte, digits string) ([]byte, *Error) {
	if digits == "" {
		digits = "0"
	}
	if numberEnd(digits, 0) != len(digits) {
		return dst, fault(fmt.Errorf("%q is not a JSON number", shorten(digits)))
	}
	return append(dst, digits...), nil
}

// appendFloat appends f as Python's repr spells it: the fewest digits that give f back, an exponent below 1e-4 and
// from 1e16 on, and always a sign that it is no integer.
func appendFloat(dst []byte, f float64, bitSize int) ([]byte, *Error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, fault(fmt.Errorf("%v is not a JSON value", f))
	}
	abs := math.Abs(f)
	small, large := abs < 1e-4, abs >= 1e16
	if bitSize == 32 {
		small = float32(abs) < 1e-4
	}
	if f != 0 && (small || large) {
		return strconv.AppendFloat(dst, f, 'e', -1, bitSize), nil
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, bitSize)
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst, nil
}
