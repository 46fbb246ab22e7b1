package http_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

// TestSignature has the example of GitHub's documentation, and what Python's hmac makes of the same secret and body.
func TestSignature(t *testing.T) {
	const header, body = "X-Hub-Signature-256", "Hello, World!"
	text := func(s string) *string { return &s }
	for name, tc := range map[string]struct {
		set          func(*evhttp.HMAC)
		header, want string
	}{
		"GitHub": {func(*evhttp.HMAC) {}, header, "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
		"base64": {func(h *evhttp.HMAC) { h.Format = "base64" }, header, "sha256=dXEH6g6yUJ/CESIczphLijdXC211hsIsRvQ3nIsEPhc="},
		"no prefix, other header": {func(h *evhttp.HMAC) { h.Header, h.Prefix = "x-signature", text("") }, "X-Signature",
			"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
		"own prefix": {func(h *evhttp.HMAC) { h.Prefix = text("v1,") }, header, "v1,757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
		"sha384": {func(h *evhttp.HMAC) { h.Algorithm = "sha384" }, header,
			"sha384=8ae941e23ce94331d5a5986b762bbdb2039fec41c133145da82908f381ba612379307f45738b252be379438ef60839c2"},
		"sha512": {func(h *evhttp.HMAC) { h.Algorithm = "sha512" }, header,
			"sha512=11ed355a617e98134e842012a7944ccf59c10256cb182357bd7e3a42013ff07c376f8c14cf5cc1923da20b51d64256b2fb8ebbf100aa67a61326f61fea8111bc"},
	} {
		t.Run(name, func(t *testing.T) {
			handler, got := record(t)
			s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
				c.URL, c.HMAC.Secret = serve(t, handler).URL, providers.NewSecret("It's a Secret to Everybody")
				tc.set(&c.HMAC)
			})
			m := messages(1)[0]
			m.Body = []byte(body)
			if err := deliver(t, s, m)[0]; err != nil {
				t.Fatal(err)
			}
			if signature := (<-got).Header[tc.header]; len(signature) != 1 || signature[0] != tc.want {
				t.Errorf("%s %q, want %q", tc.header, signature, tc.want)
			}
		})
	}
}

// TestSignatureIsOfWhatIsSent checks it where the body is made by the provider itself, as a receiver does.
func TestSignatureIsOfWhatIsSent(t *testing.T) {
	for name, set := range map[string]configure{
		"array":   func(c *evhttp.Config) { c.Batch = "array" },
		"lines":   func(c *evhttp.Config) { c.Batch = "ndjson" },
		"outputs": func(c *evhttp.Config) { c.Outputs = evhttp.Outputs{{Name: "ü", Value: "$.n"}} },
	} {
		t.Run(name, func(t *testing.T) {
			handler, got := record(t)
			s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
				c.URL, c.HMAC.Secret = serve(t, handler).URL, providers.NewSecret("key")
				set(c)
			})
			deliver(t, s, messages(2)...)
			r := <-got
			mac := hmac.New(sha256.New, []byte("key"))
			mac.Write([]byte(r.Body))
			if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); r.Header.Get("X-Hub-Signature-256") != want {
				t.Errorf("%q for %s, want %s", r.Header.Get("X-Hub-Signature-256"), r.Body, want)
			}
		})
	}
}

func TestNothingIsSignedUnasked(t *testing.T) {
	handler, got := record(t)
	deliver(t, connect(t, environment(providers.OrderKey), to(serve(t, handler))), messages(1)...)
	if r := <-got; r.Header.Get("X-Hub-Signature-256") != "" {
		t.Errorf("headers %v", r.Header)
	}
}

// TestSecretOfSignaturesStaysSecret has an endpoint that knows it and says it.
func TestSecretOfSignaturesStaysSecret(t *testing.T) {
	const secret = "hunter2-hunter2"
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "signed with "+secret, http.StatusForbidden)
	})
	s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
		c.URL, c.HMAC.Secret = server.URL, providers.NewSecret(secret)
	})
	if err := deliver(t, s, messages(1)...)[0]; err == nil || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "[secret]") {
		t.Errorf("outcome %v", err)
	}
}
