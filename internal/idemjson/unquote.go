package idemjson

import (
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

var errSurrogate = errors.New("a lone surrogate is no character")

// AppendUnquoted appends what the string in spelled text, with its quotes, stands for. A lone surrogate, which stands for
// nothing in UTF-8, is an error.
func AppendUnquoted(dst, quoted []byte) ([]byte, error) {
	out, s := dst, quoted[1:len(quoted)-1]
	for i := 0; i < len(s); {
		end := plainEnd(s, i)
		out = append(out, s[i:end]...)
		if i = end; i == len(s) {
			break
		}
		r, size := escapedRune(s[i:])
		switch {
		case size == 0:
			r, size = shortEscape(s[i+1]), 2
		case utf16.IsSurrogate(r):
			return dst, errSurrogate
		}
		out = utf8.AppendRune(out, r)
		i += size
	}
	return out, nil
}

// shortEscape is what a backslash and c stand for.
func shortEscape(c byte) rune {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return rune(c)
}
