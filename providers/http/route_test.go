package http_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

func TestUnixSocket(t *testing.T) {
	handler, got := record(t)
	socket := filepath.Join(t.TempDir(), "hook.sock")
	dial := open(t, environment(providers.OrderKey), func(c *evhttp.Config) { c.URL, c.Path = socket, "/events?x=1" })
	if s, err := dial(t.Context()); err == nil {
		closeSession(t, s)
		t.Fatal("Dial succeeded without a socket")
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	server.Listener = l
	server.Start()
	defer server.Close()
	s, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer closeSession(t, s)
	if err := deliver(t, s, messages(1)...)[0]; err != nil {
		t.Fatal(err)
	}
	if r := <-got; r.URI != "/events?x=1" || r.Host != "localhost" || r.Body != `{"n": 1}` {
		t.Errorf("request %+v", r)
	}
}

// TestProxy has a server that takes a request for a host that does not exist: only a proxy gets such a one.
func TestProxy(t *testing.T) {
	handler, got := record(t)
	proxy := serve(t, handler)
	s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
		c.URL, c.Proxy = "http://nowhere.invalid/in", providers.NewSecret(proxy.URL)
	})
	if err := deliver(t, s, messages(1)...)[0]; err != nil {
		t.Fatal(err)
	}
	if r := <-got; r.URI != "http://nowhere.invalid/in" {
		t.Errorf("the proxy was asked for %s", r.URI)
	}
}

func TestEnvironmentProxyIsIgnored(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was used") })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	if s, err := open(t, environment(providers.OrderKey), func(c *evhttp.Config) {
		c.URL = "http://nowhere.invalid/in"
	})(t.Context()); err == nil {
		closeSession(t, s)
		t.Error("a host that does not exist was reached")
	}
}
