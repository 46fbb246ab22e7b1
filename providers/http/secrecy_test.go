package http_test

import (
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

// TestEchoedSecretsAreInNoError has endpoints that repeat what they got, or a part of it, as many do on their error pages.
func TestEchoedSecretsAreInNoError(t *testing.T) {
	header := func(name, value string) configure {
		return func(c *evhttp.Config) {
			c.Headers = map[string]providers.Secret{name: providers.NewSecret(value)}
		}
	}
	for name, tc := range map[string]struct {
		set  configure
		path string
		echo func(*http.Request) string
	}{
		"path": {path: "/services/T0/" + webhookToken, echo: func(r *http.Request) string { return "Cannot POST " + r.URL.Path }},
		"path with an escape": {path: "/in/" + webhookToken + "%2Fmore", echo: func(r *http.Request) string {
			return "Cannot POST " + r.URL.Path
		}},
		"value of the query": {path: "/in?v=1&key=" + webhookToken, echo: func(r *http.Request) string {
			return "no such key: " + r.URL.Query().Get("key")
		}},
		"credentials of a header": {header("Authorization", "Token "+webhookToken), "/in", func(r *http.Request) string {
			return "no such token: " + strings.TrimPrefix(r.Header.Get("Authorization"), "Token ")
		}},
		"one secret begins another": {func(c *evhttp.Config) {
			header("X-Key", webhookToken)(c)
			c.Username, c.Password = "me", providers.NewSecret(webhookToken[:6])
		}, "/in", func(r *http.Request) string { return "no such key: " + r.Header.Get("X-Key") }},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Error(w, tc.echo(r), http.StatusNotFound) })
			s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
				if tc.set != nil {
					tc.set(c)
				}
				c.URL = server.URL + tc.path
			})
			err := deliver(t, s, messages(1)...)[0]
			if err == nil || !strings.Contains(err.Error(), "[secret]") || strings.Contains(err.Error(), webhookToken[8:]) {
				t.Errorf("outcome %v", err)
			}
		})
	}
}

const webhookToken = "a1B2c3D4e5F6g7H8i9J0"

func TestRedirectToTheSamePathKeepsItsToken(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://new.example"+r.URL.Path, http.StatusPermanentRedirect)
	})
	s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) { c.URL = server.URL + "/hook/" + webhookToken })
	err := deliver(t, s, messages(1)...)[0]
	if err == nil || !strings.Contains(err.Error(), "https://new.example/hook/[secret]") || strings.Contains(err.Error(), webhookToken) {
		t.Errorf("outcome %v", err)
	}
}

func TestQueryOfASocketStaysSecret(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no: "+r.RequestURI, http.StatusForbidden)
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) { c.URL, c.Path = socket, "/in?key=hunter2" })
	if err := deliver(t, s, messages(1)...)[0]; err == nil || !strings.Contains(err.Error(), "[secret]") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("outcome %v", err)
	}
}

// What is no answer at all net/http quotes in its error.
func TestASecretInsteadOfAnAnswerIsInNoError(t *testing.T) {
	url := raw(t, "Bearer "+webhookToken+"\r\n\r\n")
	s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
		c.URL, c.Token = url, providers.NewSecret(webhookToken)
	})
	err := deliver(t, s, messages(1)...)[0]
	if err == nil || !strings.Contains(err.Error(), "malformed HTTP") || strings.Contains(err.Error(), webhookToken) {
		t.Errorf("outcome %v", err)
	}
}
