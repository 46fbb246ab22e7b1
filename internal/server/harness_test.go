package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/server"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
)

// rig is a server under test, in front of a hub that leads profile "p" to broker and "q" to other, and also what comes from Ansible Runner.
type rig struct {
	*server.Server
	hub           *hub.Hub
	broker, other *providertest.Fake
	log           *logBuffer
	socket, url   string // a unix socket, and a URL over TCP
	unix, tcp     *http.Client
}

// delivery is that of broker. It has room for one event that takes as much as a journal entry at least.
const delivery = "{backlog: 1KiB, retry: {min: 1ms, max: 5ms}}"

func serve(t testing.TB, o server.Options, opts ...hub.Option) *rig {
	t.Helper()
	caps := providers.Caps{Acked: true, Order: providers.Full}
	r := &rig{broker: providertest.NewFake(caps), other: providertest.NewFake(caps), log: &logBuffer{}}
	logger := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	file, err := acct.Parse("acct.yaml", []byte("fake:\n  p: {address: b, delivery: "+delivery+"}\n  q: {address: o}\n  runner-*: {address: o, format: raw}\n"))
	if err != nil {
		t.Fatal(err)
	}
	fake := providertest.FakeProvider("fake", map[string]*providertest.Fake{"b": r.broker, "o": r.other})
	r.hub, err = hub.Open(t.Context(), file, append([]hub.Option{hub.WithProviders(fake), hub.WithLogger(logger)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	o.Logger = logger
	r.Server = server.New(r.hub, o)
	r.listen(t, o.TLS != nil)
	return r
}

// listen serves on a unix socket and on TCP until the end of the test.
func (r *rig) listen(t testing.TB, secure bool) {
	t.Helper()
	dir, err := os.MkdirTemp("", "evhub") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	r.socket = filepath.Join(dir, "e.sock")
	served := r.Server
	var ended sync.WaitGroup
	for _, text := range []string{"unix:" + r.socket, "127.0.0.1:0"} {
		a, err := server.ParseAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		l, err := a.Listen(0o600)
		if err != nil {
			t.Fatal(err)
		}
		if !a.IsUnix() {
			r.url = "http://" + l.Addr().String()
			if secure {
				r.url = "https://" + l.Addr().String()
			}
		}
		ended.Go(func() {
			if err := served.Serve(l); err != nil {
				t.Errorf("Serve: %v", err)
			}
		})
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", r.socket)
	}
	r.unix = &http.Client{Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 100}}
	r.tcp = &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		r.unix.CloseIdleConnections()
		r.tcp.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = r.hub.Close(ctx)
		if err := served.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		ended.Wait()
		_ = os.RemoveAll(dir)
	})
}

// response is what a request came to.
type response struct {
	status int
	header http.Header
	body   string
	reply
}

type reply struct {
	IDs      []*string
	Error    string
	Errors   []eventError
	Receipts []struct {
		ID      string
		Results []struct {
			Destination, State, Error string
			Attempts                  int
		}
	}
}

type eventError struct {
	Index, Line, Status int
	ID, Error           string
}

// text returns the ids, "-" for null.
func (r response) ids() string {
	var ids []string
	for _, id := range r.IDs {
		if id == nil {
			ids = append(ids, "-")
		} else {
			ids = append(ids, *id)
		}
	}
	return strings.Join(ids, " ")
}

func do(t testing.TB, c *http.Client, r *http.Request) response {
	t.Helper()
	got, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	one := response{status: got.StatusCode, header: got.Header, body: string(body)}
	if err := json.Unmarshal(body, &one.reply); err != nil {
		t.Errorf("%s %s: the answer %q is not JSON: %v", r.Method, r.URL, body, err)
	}
	return one
}

func request(t testing.TB, method, url, media, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	return r
}

const (
	asJSON  = "application/json"
	asLines = "application/x-ndjson"
)

// post posts over the unix socket.
func (r *rig) post(t testing.TB, path, media, body string) response {
	t.Helper()
	return do(t, r.unix, request(t, http.MethodPost, "http://localhost"+path, media, body))
}

// want checks the status, and what must be in the answer.
func (r response) want(t testing.TB, status int, texts ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("status %d, want %d: %s", r.status, status, r.body)
	}
	for _, text := range texts {
		if !strings.Contains(r.body, text) {
			t.Errorf("%q is not in the answer %s", text, r.body)
		}
	}
}

// arrived returns the ids that a broker has, once there are n of them.
func arrived(t testing.TB, b *providertest.Fake, n int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := b.Await(ctx, n); err != nil {
		t.Fatalf("waiting for %d messages: %v", n, err)
	}
	return strings.Join(b.IDs(), " ")
}

// logBuffer collects log lines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// waiting returns once n requests are being read or put.
func waiting(t testing.TB, r *rig, n int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for r.Busy() != n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d requests are busy, want %d", r.Busy(), n)
		}
	}
}
