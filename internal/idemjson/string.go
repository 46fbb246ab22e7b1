package idemjson

import (
	"math/bits"
	"unicode/utf8"
)

// AppendString appends s as a JSON string. Invalid UTF-8 is an error.
func AppendString(dst []byte, s string) ([]byte, error) {
	out, err := appendString(dst, s)
	if err != nil {
		return dst, err.rooted()
	}
	return out, nil
}

func appendString(dst []byte, s string) ([]byte, *Error) {
	dst = append(dst, '"')
	for i := 0; ; {
		end := plainEnd(s, i)
		dst = append(dst, s[i:end]...)
		if end == len(s) {
			return append(dst, '"'), nil
		}
		r, size := utf8.DecodeRuneInString(s[end:])
		if r == utf8.RuneError && size == 1 {
			return dst, fault(errUTF8)
		}
		dst = appendRune(dst, r)
		i = end + size
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plainEnd returns the index of the first byte of s, from i on, that does not stand for itself in a JSON string:
// anything but printable ASCII, the quote and the backslash. It looks at eight bytes at a time: each term of special
// sets the high bit of the bytes it is named for, and errs, through carry or borrow, at most above such a byte.
func plainEnd[T string | []byte](s T, i int) int {
	for ; i+8 <= len(s); i += 8 {
		w := load8(s, i)
		quote, backslash := w^(ones*'"'), w^(ones*'\\')
		special := (w-ones*' ')&^w | (quote-ones)&^quote | (backslash-ones)&^backslash |
			w | (w + ones) // not ASCII, or DEL
		if special &= highs; special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// load8 compiles to one load.
func load8[T string | []byte](s T, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

const hexDigits = "0123456789abcdef"

// appendRune appends r, which may be a surrogate, as it stands within a JSON string.
func appendRune(dst []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(dst, '\\', byte(r))
	case ' ' <= r && r < 0x7f:
		return append(dst, byte(r))
	case r == '\b':
		return append(dst, '\\', 'b')
	case r == '\t':
		return append(dst, '\\', 't')
	case r == '\n':
		return append(dst, '\\', 'n')
	case r == '\f':
		return append(dst, '\\', 'f')
	case r == '\r':
		return append(dst, '\\', 'r')
	case r < 0x10000:
		return appendUnit(dst, r)
	}
	r -= 0x10000
	return appendUnit(appendUnit(dst, 0xd800+r>>10), 0xdc00+r&0x3ff)
}

func appendUnit(dst []byte, unit rune) []byte {
	return append(dst, '\\', 'u',
		hexDigits[unit>>12&0xf], hexDigits[unit>>8&0xf], hexDigits[unit>>4&0xf], hexDigits[unit&0xf])
}

// hexUnit reads the four digits of an escape.
func hexUnit(digits []byte) (unit rune, ok bool) {
	if len(digits) < 4 {
		return 0, false
	}
	for _, c := range digits[:4] {
		unit <<= 4
		switch {
		case isDigit(c):
			unit |= rune(c - '0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			unit |= rune(c|0x20-'a') + 10
		default:
			return 0, false
		}
	}
	return unit, true
}
