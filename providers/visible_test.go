package providers

import "testing"

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "idem-status": "idem-status", "a b%ü世": "a b%ü世",
		"a\r\nb\x00": "a%0D%0Ab%00", "\x1b[31m\x7f\u0085\u2028é": "%1B[31m%7F%C2%85%E2%80%A8é",
	} {
		if got := Visible(text); got != want {
			t.Errorf("Visible(%q) = %q, want %q", text, got, want)
		}
	}
}
