package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/evhub/evhub/providers"
)

// appendLine appends body as JSON on one line.
func appendLine(dst, body []byte) []byte {
	if !json.Valid(body) {
		body, _ = json.Marshal(string(body)) // a string is never refused
	}
	if bytes.ContainsAny(body, "\n\r\t") { // whitespace between tokens: strings have them escaped
		body = bytes.Map(func(r rune) rune {
			if r == '\n' || r == '\r' || r == '\t' {
				return ' '
			}
			return r
		}, body)
	}
	return appendSafe(dst, body, "")
}

const (
	dim   = "\x1b[2m"
	bold  = "\x1b[1m"
	reset = "\x1b[0m"

	clock  = "2006-01-02 15:04:05.000"
	indent = "  "
)

// appendPretty appends a line with time and profile and, below it, the body with an indent.
func appendPretty(dst []byte, m *providers.Message, colours bool) []byte {
	painted := func(colour string, text []byte) {
		if colours {
			dst = append(dst, colour...)
		}
		dst = append(dst, text...)
		if colours {
			dst = append(dst, reset...)
		}
	}
	painted(dim, m.Time.AppendFormat(nil, clock))
	dst = append(dst, ' ')
	painted(bold, appendSafe(nil, []byte(m.Profile), ""))
	dst = append(dst, '\n')

	var body bytes.Buffer
	if json.Indent(&body, m.Body, indent, indent) != nil {
		body.Reset()
		body.WriteString(strings.ReplaceAll(string(m.Body), "\n", "\n"+indent))
	}
	dst = append(dst, indent...)
	return append(appendSafe(dst, body.Bytes(), "\n\t"), '\n')
}

// appendSafe appends text with escapes, as JSON has them, for what is not printable and for invalid UTF-8, so that
// the text shows and does nothing else. The characters of kept stay as well.
func appendSafe(dst, text []byte, kept string) []byte {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = fmt.Appendf(dst, `\u00%02x`, text[i])
		case unicode.IsPrint(r) || strings.ContainsRune(kept, r):
			dst = append(dst, text[i:i+size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
		i += size
	}
	return dst
}
