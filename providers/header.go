package providers

import "strings"

// HeaderValue returns s as the value of a text header: as the CloudEvents HTTP binding has it, space, '"', '%' and
// all that is not printable ASCII are percent-encoded byte by byte. So untrusted text can neither end a header nor
// start another one.
func HeaderValue(s string) string {
	clean := 0
	for clean < len(s) && plainHeaderByte(s[clean]) {
		clean++
	}
	if clean == len(s) {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:clean])
	for i := clean; i < len(s); i++ {
		if c := s[i]; plainHeaderByte(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

func plainHeaderByte(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '%' }
