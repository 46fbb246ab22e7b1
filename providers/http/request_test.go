package http_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

// received is a request as the server read it.
type received struct {
	Method, URI, Host, Body string
	Length                  int64
	Header                  http.Header
}

func record(t *testing.T) (http.HandlerFunc, <-chan received) {
	got := make(chan received, 100)
	return func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading the request: %v", err)
		}
		got <- received{r.Method, r.RequestURI, r.Host, string(body), r.ContentLength, r.Header}
	}, got
}

func TestRequestCarriesTheEvent(t *testing.T) {
	handler, got := record(t)
	server := serve(t, handler)
	s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
		c.URL = server.URL + "/hooks/a%2Fb?x=1"
		c.Username, c.Password = "me", providers.NewSecret("hunter2")
		c.Headers = map[string]providers.Secret{
			"x-team":     providers.NewSecret("infra"),
			"host":       providers.NewSecret("virtual.example"),
			"User-agent": providers.NewSecret("mine/1"),
		}
	})
	m := messages(1)[0]
	m.Attrs = []providers.Attr{
		{Name: "specversion", Value: "1.0"}, {Name: "id", Value: m.ID}, {Name: "type", Value: "idem status €"},
		{Name: "datacontenttype", Value: "application/json"}, {Name: "traceparent", Value: "00-ab-cd-01"},
	}
	if err := deliver(t, s, m)[0]; err != nil {
		t.Fatal(err)
	}
	want := received{
		Method: "POST", URI: "/hooks/a%2Fb?x=1", Host: "virtual.example", Body: `{"n": 1}`, Length: 8,
		Header: http.Header{
			"Authorization":   {"Basic bWU6aHVudGVyMg=="},
			"Ce-Id":           {"id-1"},
			"Ce-Specversion":  {"1.0"},
			"Ce-Traceparent":  {"00-ab-cd-01"},
			"Ce-Type":         {"idem%20status%20%E2%82%AC"},
			"Content-Length":  {"8"},
			"Content-Type":    {"application/json"},
			"Idempotency-Key": {"id-1"},
			"Traceparent":     {"00-ab-cd-01"},
			"User-Agent":      {"mine/1"},
			"X-Team":          {"infra"},
		},
	}
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestMethodTokenAndUserAgent(t *testing.T) {
	handler, got := record(t)
	server := serve(t, handler)
	s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
		c.URL, c.Method, c.Token = server.URL, "PUT", providers.NewSecret("t0ken")
	})
	empty := providers.Message{ID: "e"}
	if err := deliver(t, s, empty)[0]; err != nil {
		t.Fatal(err)
	}
	r := <-got
	if r.Method != "PUT" || r.Header.Get("Authorization") != "Bearer t0ken" || r.Body != "" || r.Length != 0 {
		t.Errorf("request %+v", r)
	}
	if ua := r.Header.Get("User-Agent"); !strings.HasPrefix(ua, "evhub") {
		t.Errorf("User-Agent %q", ua)
	}
}

func TestHostileEventCannotInjectHeaders(t *testing.T) {
	handler, got := record(t)
	server := serve(t, handler)
	s := connect(t, environment(providers.OrderKey), to(server))
	const evil = "a\r\nX-Evil: 1\r\n\r\nGET / HTTP/1.1\x00../*"
	m := providers.Message{ID: evil, Profile: evil, Body: []byte("{}"), Attrs: []providers.Attr{
		{Name: "type", Value: evil}, {Name: "source", Value: evil}, {Name: "traceparent", Value: evil},
	}}
	if err := deliver(t, s, m)[0]; err != nil {
		t.Fatal(err)
	}
	r := <-got
	const escaped = "a%0D%0AX-Evil:%201%0D%0A%0D%0AGET%20/%20HTTP/1.1%00../*"
	for _, name := range []string{"Idempotency-Key", "Ce-Type", "Ce-Source", "Traceparent"} {
		if v := r.Header.Get(name); v != escaped {
			t.Errorf("%s = %q", name, v)
		}
	}
	if r.Header.Get("X-Evil") != "" || r.URI != "/in" {
		t.Errorf("injected: %+v", r)
	}
}

func TestManyRequestsShareOneConnection(t *testing.T) {
	remotes := make(chan string, 100)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		remotes <- r.RemoteAddr
		_, _ = w.Write(make([]byte, 1000))
	})
	s := connect(t, environment(providers.OrderKey), to(server))
	deliver(t, s, messages(20)...)
	close(remotes)
	seen := map[string]int{}
	for r := range remotes {
		seen[r]++
	}
	if len(seen) != 1 {
		t.Errorf("20 requests came over %d connections, want 1", len(seen))
	}
}
