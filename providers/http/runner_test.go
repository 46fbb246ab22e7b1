package http_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

// recorded is a request that another program made.
type recorded struct {
	Method  string
	Path    string
	Headers [][2]string
	Body    string
}

func recordedIn(t *testing.T, path string) (all []recorded) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// ofRequests are headers that speak of the Python library and its connection.
var ofRequests = []string{"Host", "User-Agent", "Accept-Encoding", "Accept", "Connection"}

// said returns those of headers that the plugin, and not its library, has a say in.
func (r recorded) said() http.Header {
	h := http.Header{}
	for _, pair := range r.Headers {
		if !slices.Contains(ofRequests, pair[0]) {
			h.Add(pair[0], pair[1])
		}
	}
	return h
}

// through fires bodies through a hub with that acct file, one after the other.
func through(t *testing.T, text, profile string, bodies []string) {
	t.Helper()
	file, err := acct.Parse("acct.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.Open(t.Context(), file, hub.WithProviders(evhttp.Provider()))
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range bodies {
		var compact bytes.Buffer // so that the spelling is evhub's own
		if err := json.Compact(&compact, []byte(body)); err != nil {
			t.Fatal(err)
		}
		if err := h.Put(t.Context(), hub.Event{Profile: profile, Body: json.RawMessage(compact.Bytes())}); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// sameRequests compares what came with what the other program had sent.
func sameRequests(t *testing.T, want []recorded, got <-chan received) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%d requests, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := <-got
		if g.Method != w.Method || g.URI != w.Path || g.Body != w.Body {
			t.Errorf("request %d: %s %s\n%s\nwant %s %s\n%s", i+1, g.Method, g.URI, g.Body, w.Method, w.Path, w.Body)
		}
		for name, values := range w.said() {
			if diff := cmp.Diff(values, g.Header[name]); diff != "" {
				t.Errorf("request %d, %s (-want +got):\n%s", i+1, name, diff)
			}
		}
		for name := range g.Header {
			ours := strings.HasPrefix(name, "Ce-") || name == "Idempotency-Key" || name == "User-Agent"
			if _, theirs := w.said()[name]; !theirs && !ours {
				t.Errorf("request %d has the header %s", i+1, name)
			}
		}
	}
}

// serveSocket is serve for a unix socket.
func serveSocket(t *testing.T, h http.HandlerFunc) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "runner.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(h)
	server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	return path
}

func bodiesOf(requests []recorded) (bodies []string) {
	for _, r := range requests {
		bodies = append(bodies, r.Body)
	}
	return bodies
}

// TestRequestsOfAnsibleRunnerHTTP fires the events that ansible-runner-http has sent, and wants the same requests.
func TestRequestsOfAnsibleRunnerHTTP(t *testing.T) {
	t.Run("tcp", func(t *testing.T) {
		want := recordedIn(t, "testdata/runner/http-tcp.jsonl")
		handler, got := record(t)
		through(t, `http: {"runner-*": {runner_http_url: "`+serve(t, handler).URL+`/runner/events",
			runner_http_headers: {Authorization: Bearer t0ken, X-Tenant: acme}, runner_http_path: /not/for/tcp}}`, "runner-event", bodiesOf(want))
		sameRequests(t, want, got)
	})
	t.Run("unix", func(t *testing.T) {
		want := recordedIn(t, "testdata/runner/http-unix.jsonl")
		handler, got := record(t)
		through(t, `http: {"runner-*": {runner_http_url: "`+serveSocket(t, handler)+`", runner_http_path: "/runner/events?src=unix"}}`,
			"runner-event", bodiesOf(want))
		sameRequests(t, want, got)
	})
	t.Run("environment, no path", func(t *testing.T) {
		want := recordedIn(t, "testdata/runner/http-unix-no-path.jsonl")
		handler, got := record(t)
		t.Setenv("RUNNER_HTTP_URL", serveSocket(t, handler))
		through(t, `http: {"runner-*": {runner_http_url: "http://nowhere.invalid/"}}`, "runner-event", bodiesOf(want))
		sameRequests(t, want, got)
	})
	t.Run("environment, path", func(t *testing.T) {
		want := recordedIn(t, "testdata/runner/http-unix.jsonl")
		handler, got := record(t)
		t.Setenv("RUNNER_HTTP_URL", serveSocket(t, handler))
		t.Setenv("RUNNER_HTTP_PATH", "/runner/events?src=unix")
		through(t, `http: {"runner-*": {runner_http_headers: {}, runner_http_path: /other}}`, "runner-event", bodiesOf(want))
		sameRequests(t, want, got)
	})
}

func TestEnvironmentIsForRunnerNamesAlone(t *testing.T) {
	t.Setenv("RUNNER_HTTP_URL", "http://nowhere.invalid/")
	t.Setenv("RUNNER_HTTP_PATH", "/nowhere")
	handler, got := record(t)
	through(t, `http: {p: {url: "`+serveSocket(t, handler)+`", path: /here}}`, "p", []string{`{"a":1}`})
	if r := <-got; r.URI != "/here" || r.Body != `{"tags": {}, "message": {"a": 1}, "run_name": "cli"}` {
		t.Errorf("%s %s", r.URI, r.Body)
	}
}

// TestRunnerFormat: the plugin's format is a default, which the entry may change.
func TestRunnerFormat(t *testing.T) {
	handler, got := record(t)
	url := serve(t, handler).URL
	through(t, `http: {p: {runner_http_url: "`+url+`", format: idem}}`, "p", []string{`1`})
	if r := <-got; r.Body != `{"tags": {}, "message": 1, "run_name": "cli"}` {
		t.Errorf("with a format: %s", r.Body)
	}
}

func TestRunnerAddress(t *testing.T) {
	t.Setenv("RUNNER_HTTP_URL", "https://other.example/in")
	url := "http://x.example"
	if got := connection(t, func(c *evhttp.Config) { c.RunnerURL = &url }).Address; got != "https://other.example/in" {
		t.Errorf("address %s", got)
	}
}

func TestRunnerNamesThatAreWrong(t *testing.T) {
	text := func(s string) *string { return &s }
	none := map[string]providers.Secret{}
	for name, tc := range map[string]struct {
		set configure
		env string
		key string
	}{
		"two urls":           {func(c *evhttp.Config) { c.URL, c.RunnerURL = "http://x.example", text("http://x.example") }, "", "runner_http_url"},
		"two paths":          {func(c *evhttp.Config) { c.URL, c.Path, c.RunnerPath = "/x.sock", "/a", text("/a") }, "", "runner_http_path"},
		"headers twice":      {func(c *evhttp.Config) { c.URL, c.Headers, c.RunnerHeaders = "http://x.example", none, none }, "", "runner_http_headers"},
		"no url":             {func(c *evhttp.Config) { c.RunnerURL = text("") }, "", "runner_http_url"},
		"relative path":      {func(c *evhttp.Config) { c.URL, c.RunnerPath = "/x.sock", text("a") }, "", "runner_http_path"},
		"url of environment": {func(c *evhttp.Config) { c.RunnerURL = text("http://x.example") }, "ftp://x", "runner_http_url"},
		"header": {func(c *evhttp.Config) {
			c.URL, c.RunnerHeaders = "http://x.example", map[string]providers.Secret{"a b": providers.NewSecret("x")}
		}, "", "runner_http_headers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("RUNNER_HTTP_URL", tc.env)
			_, err := connection(t, tc.set).Open(environment(providers.OrderKey))
			wrongKey(t, err, tc.key)
			if tc.env != "" && (err == nil || !strings.Contains(err.Error(), "RUNNER_HTTP_URL of the environment")) {
				t.Errorf("the environment is not named: %v", err)
			}
		})
	}
}
