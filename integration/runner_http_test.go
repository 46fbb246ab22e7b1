package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/all"
)

// runnerRequest is what a receiver of ansible-runner-http looks at.
type runnerRequest struct{ Method, Path, ContentType, Tenant, Body string }

// runnerReceiver keeps requests, and passes them on.
type runnerReceiver struct {
	pass func(profile string, body []byte)

	mu  sync.Mutex
	got []runnerRequest
}

func (r *runnerReceiver) ServeHTTP(_ http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	r.got = append(r.got, runnerRequest{q.Method, q.RequestURI, q.Header.Get("Content-Type"), q.Header.Get("X-Tenant"), string(body)})
	r.mu.Unlock()
	if r.pass != nil {
		r.pass("runner-event", body)
	}
}

// socket serves r at a unix socket.
func (r *runnerReceiver) socket(t *testing.T) (path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "evhub-") // t.TempDir is too long for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "r.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(r)
	server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(func() {
		server.Close()
		os.RemoveAll(dir)
	})
	return path
}

// TestRunnerHTTPRequests has ansible-runner-http post a run to a receiver that fires each body through evhub: what evhub
// posts, with the same settings, to another receiver are the same requests.
func TestRunnerHTTPRequests(t *testing.T) {
	r := needRunner(t)
	far := &runnerReceiver{}
	file, err := acct.Parse("acct.yaml", []byte(`http: {"runner-*": {runner_http_url: "`+far.socket(t)+`",
		runner_http_path: "/runner/events?src=unix", runner_http_headers: {X-Tenant: acme}}}`))
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.Open(t.Context(), file, hub.WithProviders(all.Providers()...))
	if err != nil {
		t.Fatal(err)
	}
	near := &runnerReceiver{pass: func(profile string, body []byte) {
		if err := h.PutNowait(hub.Event{Profile: profile, Body: rawJSON(body)}); err != nil {
			t.Error(err)
		}
	}}
	r.put("env/settings", "runner_http_url: "+near.socket(t)+"\nrunner_http_path: /runner/events?src=unix\nrunner_http_headers: {X-Tenant: acme}\n")
	if out, err := r.run("run-1"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := h.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if len(near.got) < 10 {
		t.Errorf("ansible-runner-http made %d requests", len(near.got))
	}
	if diff := cmp.Diff(near.got, far.got); diff != "" {
		t.Errorf("requests of ansible-runner-http and of evhub (-want +got):\n%s", diff)
	}
}

// rawJSON is body without space between its parts, so that the spelling is evhub's.
func rawJSON(body []byte) any {
	var compact bytes.Buffer
	if json.Compact(&compact, body) != nil {
		return body
	}
	return json.RawMessage(compact.Bytes())
}
