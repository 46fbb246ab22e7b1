package idemjson

import (
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendCompact appends spelled text without spaces between tokens and with UTF-8 for escapes. Escaped stay the
// quote, the backslash, control characters (DEL and those above it too), the line separators U+2028 and U+2029, and
// lone surrogates.
func AppendCompact(dst, spelled []byte) []byte {
	inString := false
	for i := 0; i < len(spelled); {
		if inString {
			end := plainEnd(spelled, i)
			dst = append(dst, spelled[i:end]...)
			if i = end; i == len(spelled) {
				break
			}
		}
		switch c := spelled[i]; {
		case c == '"':
			inString = !inString
		case c == ' ' && !inString:
			i++
			continue
		case c == '\\' && inString:
			var size int
			dst, size = appendUnescaped(dst, spelled[i:])
			i += size
			continue
		}
		dst = append(dst, spelled[i])
		i++
	}
	return dst
}

// appendUnescaped appends what the escape at the start of s stands for, or the escape where it must stay one, and
// returns how long the escape is.
func appendUnescaped(dst, s []byte) ([]byte, int) {
	r, size := escapedRune(s)
	if size == 0 {
		size = min(2, len(s))
		return append(dst, s[:size]...), size
	}
	if unicode.IsControl(r) || utf16.IsSurrogate(r) || r == '\u2028' || r == '\u2029' {
		return append(dst, s[:size]...), size
	}
	return utf8.AppendRune(dst, r), size
}

// escapedRune reads a \u escape, or a pair of them that is one character. size is 0 if s begins with another escape.
func escapedRune(s []byte) (r rune, size int) {
	r, ok := unitEscape(s)
	if !ok {
		return 0, 0
	}
	if low, ok := unitEscape(s[6:]); ok {
		if pair := utf16.DecodeRune(r, low); pair != unicode.ReplacementChar {
			return pair, 12
		}
	}
	return r, 6
}

func unitEscape(s []byte) (unit rune, ok bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	return hexUnit(s[2:])
}
