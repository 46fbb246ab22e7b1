package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/evhub/evhub/internal/server"
)

const one = `{"profile": "q", "body": 1}`

func TestMethodsPathsAndMediaTypes(t *testing.T) {
	r := serve(t, server.Options{})
	for _, c := range []struct {
		method, path, media string
		status              int
		says                string
	}{
		{"GET", "/v1/events", "", 405, "POST is the method"},
		{"PUT", "/v1/runner", asJSON, 405, "POST is the method"},
		{"GET", "/", "", 405, "POST is the method"},
		{"DELETE", "/healthz", "", 405, "GET is the method"},
		{"POST", "/v1/events/", asJSON, 404, "POST to /v1/events"},
		{"POST", "/v2/events", asJSON, 404, "POST to /v1/events"},
		{"GET", "/healthz", "", 200, "ok"},
		{"POST", "/v1/events", "", 415, "application/json or application/x-ndjson"},
		{"POST", "/v1/events", "text/plain", 415, `not \"text/plain\"`},
		{"POST", "/v1/events", "application/x-www-form-urlencoded", 415, "application/x-www-form-urlencoded"},
		{"POST", "/v1/events", "application/json; charset=latin1", 415, "charset must be utf-8"},
		{"POST", "/v1/runner", asLines, 415, "must be application/json, not"},
		{"POST", "/v1/events", ";;", 415, "Content-Type must be"},
	} {
		got := do(t, r.unix, request(t, c.method, "http://localhost"+c.path, c.media, one))
		got.want(t, c.status, c.says)
		if allow := got.header.Get("Allow"); (allow != "") != (c.status == 405) {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, allow)
		}
	}
	zipped := request(t, "POST", "http://localhost/v1/events", asJSON, one)
	zipped.Header.Set("Content-Encoding", "gzip")
	do(t, r.unix, zipped).want(t, 415, "Content-Encoding")
	if n := r.hub.Stats().Accepted; n != 0 {
		t.Errorf("%d events were accepted", n)
	}
}

// TestPagesInBrowsers checks that no web page can send events: not with a simple request of a form, which has Origin or
// a media type that is not taken, and not with a name of its own that leads to this machine.
func TestPagesInBrowsers(t *testing.T) {
	r := serve(t, server.Options{})
	for name, c := range map[string]struct {
		host, origin string
		status       int
	}{
		"curl":          {"", "", 200},
		"localhost":     {"localhost:80", "", 200},
		"IPv6":          {"[::1]:8080", "", 200},
		"IPv4":          {"127.3.2.1", "", 200},
		"rebinding":     {"evil.example:80", "", 403},
		"pretending":    {"localhost.evil.example", "", 403},
		"an address":    {"192.0.2.1", "", 403},
		"another site":  {"", "https://evil.example", 403},
		"own site":      {"", "http://localhost", 403},
		"nothing":       {"", "null", 403},
		"user and host": {"127.0.0.1@evil.example", "", 403},
	} {
		for _, path := range []string{"/v1/events", "/v1/runner", "/"} {
			body := one
			if path != "/v1/events" {
				body = `{"status": "running", "runner_ident": "1"}`
			}
			request := request(t, http.MethodPost, r.url+path, asJSON, body)
			if c.host != "" {
				request.Host = c.host
			}
			if c.origin != "" {
				request.Header.Set("Origin", c.origin)
			}
			if got := do(t, r.tcp, request); got.status != c.status {
				t.Errorf("%s, %s: %d %s", name, path, got.status, got.body)
			}
		}
	}
	fromPage := request(t, http.MethodPost, "http://localhost/v1/events", asJSON, one)
	fromPage.Header.Set("Origin", "http://localhost")
	do(t, r.unix, fromPage).want(t, 403)
	named := request(t, http.MethodPost, "http://any.name/v1/events", asJSON, one)
	do(t, r.unix, named).want(t, 200) // no page can reach a unix socket
}

func TestTokens(t *testing.T) {
	const token = "a-token-of-some-length"
	r := serve(t, server.Options{Token: token})
	for authorization, status := range map[string]int{
		"":                      401,
		"Bearer " + token:       200,
		"bearer " + token:       200,
		"Bearer  " + token:      200,
		"Bearer " + token + "x": 401,
		"Bearer " + token[1:]:   401,
		"Bearer":                401,
		"Basic " + token:        401,
		token:                   401,
	} {
		request := request(t, http.MethodPost, r.url+"/v1/events", asJSON, one)
		request.Host = "evhub.example"
		if authorization != "" {
			request.Header.Set("Authorization", authorization)
		}
		got := do(t, r.tcp, request)
		got.want(t, status)
		if challenge := got.header.Get("WWW-Authenticate"); (challenge != "") != (status == 401) {
			t.Errorf("%q: WWW-Authenticate %q", authorization, challenge)
		}
		if strings.Contains(got.body, token) {
			t.Errorf("the token is in %s", got.body)
		}
	}
	r.post(t, "/v1/events", asJSON, one).want(t, 200) // the socket's mode guards it
	do(t, r.tcp, request(t, http.MethodGet, r.url+"/healthz", "", "")).want(t, 200)
	if strings.Contains(r.log.String(), token[1:]) {
		t.Errorf("the token is in the log: %s", r.log)
	}
}
