package http

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/evhub/evhub/providers"
)

// userAgent is sent unless the user gives another: evhub and, where the build knows it, the version.
func userAgent() string {
	const module = "github.com/evhub/evhub"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "evhub"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module && m.Version != "" && m.Version != "(devel)" {
			return "evhub/" + providers.HeaderValue(m.Version)
		}
	}
	return "evhub"
}

// idempotencyKey is in lower case on purpose: under its canonical name net/http takes it as leave to send a request
// again whose fate is unknown. That is for the engine to decide.
const idempotencyKey = "idempotency-key"

// messageHeaders returns the headers of the request that carries m: those that speak of the event, and over them
// the user's.
func messageHeaders(m *providers.Message, contentType string, fixed http.Header) http.Header {
	h := make(http.Header, 3+len(m.Attrs)+len(fixed))
	h[idempotencyKey] = []string{providers.HeaderValue(m.ID)}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	for _, a := range m.Attrs {
		value := providers.HeaderValue(a.Value)
		switch a.Name {
		case "datacontenttype": // the binding has Content-Type in its place
			continue
		case "traceparent": // also where tracing libraries look for it
			h.Set("Traceparent", value)
		}
		h.Set("Ce-"+a.Name, value)
	}
	maps.Copy(h, fixed)
	return h
}

// batchHeaders returns the headers of the request that carries a batch: nothing in them speaks of one event.
func batchHeaders(key, contentType string, fixed http.Header) http.Header {
	h := make(http.Header, 3+len(fixed))
	h[idempotencyKey] = []string{key}
	h.Set("Content-Type", contentType)
	maps.Copy(h, fixed)
	return h
}

// framing are the headers that belong to the connection or the transport.
var framing = []string{
	"Connection", "Content-Length", "Expect", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// fixedHeaders checks headers, username, password and token and returns what each request carries of them.
func (c Config) fixedHeaders() (http.Header, error) {
	fixed := make(http.Header, len(c.Headers)+1)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if err := checkHeader(name, c.Headers[name].Reveal(), fixed); err != nil {
			errs = append(errs, providers.Invalid(c.headersKey(), "%w", err))
			continue
		}
		fixed.Set(name, c.Headers[name].Reveal())
	}
	if key := http.CanonicalHeaderKey(idempotencyKey); fixed[key] != nil {
		fixed[idempotencyKey] = fixed[key]
		fixed.Del(key)
	}
	if err := c.authorize(fixed); err != nil {
		errs = append(errs, err)
	}
	return fixed, errors.Join(errs...)
}

func checkHeader(name, value string, seen http.Header) error {
	switch canonical := http.CanonicalHeaderKey(name); {
	case name == "" || strings.ContainsFunc(name, notToken):
		return fmt.Errorf("%q is no header name", name)
	case slices.Contains(framing, canonical):
		return fmt.Errorf("%s is not yours to set; remove it", canonical)
	case len(seen[canonical]) > 0:
		return fmt.Errorf("%s is given twice in different spellings", canonical)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return fmt.Errorf("the value of %s holds a line break or another control character", canonical)
	}
	return nil
}

// notToken reports whether r may not stand in a header name (RFC 9110, section 5.6.2).
func notToken(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// authorize adds the Authorization header that username, password and token ask for.
func (c Config) authorize(fixed http.Header) error {
	basic := c.Username != "" || !c.Password.IsZero()
	switch {
	case !basic && c.Token.IsZero():
		return nil
	case basic && !c.Token.IsZero():
		return providers.Invalid("token", "and username or password exclude each other; give one")
	case len(fixed["Authorization"]) > 0:
		return providers.Invalid(c.headersKey(), "Authorization is given beside username, password or token; give one")
	case basic && strings.Contains(c.Username, ":"):
		return providers.Invalid("username", "holds a colon, which Basic authentication cannot carry")
	case basic:
		pair := c.Username + ":" + c.Password.Reveal()
		fixed.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
		return nil
	}
	token := c.Token.Reveal()
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return providers.Invalid("token", "holds a space, a line break or another character that no token has; does its file end with a newline?")
	}
	fixed.Set("Authorization", "Bearer "+token)
	return nil
}

// secrets lists what an endpoint might echo in its answer and no error may repeat, the longest first: one may begin another.
func (c Config) secrets(fixed http.Header, e endpoint) []string {
	all := append(e.secrets(), c.Password.Reveal(), c.Token.Reveal(), c.HMAC.Secret.Reveal())
	for _, values := range fixed {
		all = append(all, values...)
		for _, v := range values {
			_, credentials, _ := strings.Cut(v, " ") // behind the name of a scheme
			all = append(all, credentials)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	// Very short ones would only riddle the text with holes.
	return slices.DeleteFunc(all, func(s string) bool { return len(s) < 4 })
}
