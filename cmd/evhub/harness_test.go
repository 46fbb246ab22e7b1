package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"ACCT_FILE", "ACCT_KEY", "NO_COLOR", "STATE_DIRECTORY"} {
		_ = os.Unsetenv(name) // tests set what they need
	}
	state, err := os.MkdirTemp("", "evhub-test-state-")
	if err != nil {
		panic(err)
	}
	_ = os.Setenv("XDG_STATE_HOME", state) // the journal that is used by default
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(built)
		_ = os.RemoveAll(state)
		os.Exit(code)
	}))
}

// built is where the tests that need a process have built the command; "" if they have not.
var built string

// result is what a command line came to.
type result struct {
	code     int
	out, err string
}

// evhub runs a command line in this process.
func evhub(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := run(t.Context(), args, newConsole(strings.NewReader(stdin), &out, &err))
	return result{code, out.String(), err.String()}
}

// want checks the exit code and what must be said on either stream.
func (r result) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\nstdout: %sstderr: %s", r.code, code, r.out, r.err)
	}
	for _, text := range texts {
		if !strings.Contains(r.out+r.err, text) {
			t.Errorf("%q is not said\nstdout: %sstderr: %s", text, r.out, r.err)
		}
	}
}

// lines decodes standard output as JSON lines.
func (r result) lines(t *testing.T) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(r.out) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q is no JSON line: %v", line, err)
		}
		all = append(all, v)
	}
	return all
}

// line decodes standard output as a line of JSON, of which there must be one.
func (r result) line(t *testing.T) map[string]any {
	t.Helper()
	lines := r.lines(t)
	if len(lines) != 1 {
		t.Fatalf("%d lines, want 1\nstdout: %sstderr: %s", len(lines), r.out, r.err)
	}
	return lines[0]
}

// write makes a file in a directory of the test and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// toFile writes an acct file that leads all profiles to a file in the given format, and returns both paths.
func toFile(t *testing.T, format string) (acctFile, events string) {
	t.Helper()
	events = filepath.Join(t.TempDir(), "events.jsonl")
	return write(t, "acct.yaml", fmt.Sprintf("file:\n  \"*\": {path: %q, fsync: never, format: %s}\n", events, format)), events
}

// read returns the content of a file, and "" if there is none.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

// endpoint is an HTTP server that answers every request with a status, and keeps the bodies.
type endpoint struct {
	*httptest.Server
	called chan struct{} // 1: it was called

	mu     sync.Mutex
	bodies []string
}

func answering(t *testing.T, status int) *endpoint {
	t.Helper()
	e := &endpoint{called: make(chan struct{}, 1)}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the sender was killed
		}
		e.mu.Lock()
		e.bodies = append(e.bodies, string(body))
		e.mu.Unlock()
		select {
		case e.called <- struct{}{}:
		default:
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(e.Close)
	return e
}

// got returns the bodies that have come so far; the server may still be at work on one of a process that has ended.
func (e *endpoint) got() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.bodies)
}

// toHTTP writes an acct file that leads profile "p" to e, with quick retries, and every profile to a file. settings
// are more of the delivery.
func toHTTP(t *testing.T, e *endpoint, settings string) (acctFile, events string) {
	t.Helper()
	events = filepath.Join(t.TempDir(), "events.jsonl")
	return write(t, "acct.yaml", fmt.Sprintf(`http:
  p: {name: hook, url: %q, delivery: {retry: {min: 1ms, max: 5ms}%s}}
file:
  "*": {name: all, path: %q, fsync: never, format: raw}
`, e.URL, settings, events)), events
}

// ended returns a context that has ended.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
