package providers

import "strings"

// Visible percent-encodes the control characters of s, so that untrusted text can stand in a log line, in the name of a
// destination or in a CloudEvents attribute, none of which may hold them. Everything else stays as it is; for headers
// that take ASCII alone there is HeaderValue.
func Visible(s string) string {
	if plain(s) || !strings.ContainsFunc(s, isControl) {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, r := range s {
		if !isControl(r) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// plain reports whether s is printable ASCII, which is how most names are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func isControl(r rune) bool {
	return r < ' ' || 0x7f <= r && r < 0xa0 || r == '\u2028' || r == '\u2029'
}
