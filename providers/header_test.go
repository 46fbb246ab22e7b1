package providers_test

import (
	"testing"

	"github.com/evhub/evhub/providers"
)

func TestHeaderValue(t *testing.T) {
	for in, want := range map[string]string{
		"":               "",
		"idem-status":    "idem-status",
		"/evhub/cli":     "/evhub/cli",
		"a b":            "a%20b",
		"a\r\nX-Evil: 1": "a%0D%0AX-Evil:%201",
		"100%":           "100%25",
		`"quoted"`:       "%22quoted%22",
		"Euro € 😀":       "Euro%20%E2%82%AC%20%F0%9F%98%80",
		"nul\x00del\x7f": "nul%00del%7F",
		"~!":             "~!",
	} {
		if got := providers.HeaderValue(in); got != want {
			t.Errorf("HeaderValue(%q) = %q, want %q", in, got, want)
		}
	}
}
