package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible percent-encodes every character that is not graphic. What comes from events, files or brokers goes through
// it on its way to a person, so that it can neither control a terminal nor pass for another line.
func visible(text string) string {
	if !strings.ContainsFunc(text, hidden) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if hidden(r) || r == utf8.RuneError && size == 1 {
			for _, c := range []byte(text[i : i+size]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		} else {
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

func hidden(r rune) bool { return !unicode.IsGraphic(r) }

// escapeJSON escapes, in lines of JSON, the characters that JSON allows and a terminal may obey.
func escapeJSON(text []byte) []byte {
	odd := func(r rune) bool { return r != '\n' && hidden(r) }
	if !strings.ContainsFunc(string(text), odd) {
		return text
	}
	var b strings.Builder
	for _, r := range string(text) {
		switch {
		case !odd(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return []byte(b.String())
}
