package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/faultproxy"
)

// zeromqContext bounds a test of this file.
func zeromqContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// Two PULL sockets of libzmq each get what ansible-runner-zeromq sent in a recorded run, frame by frame.
func TestZeroMQGetsTheRunnersMessages(t *testing.T) {
	ctx := zeromqContext(t)
	recorded, err := os.ReadFile(filepath.Join("testdata", "runner", "zeromq.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	tcp, ipc := zmqReceive(t, "PULL", "tcp://127.0.0.1:*"), zmqReceive(t, "PULL", "ipc://"+filepath.Join(t.TempDir(), "s"))
	h := openHub(t, fmt.Sprintf(`zmq: {"runner-*": {runner_socket_url: [%q, %q]}}`, tcp.endpoint, ipc.endpoint))
	var want [][]string
	for line := range strings.Lines(string(recorded)) {
		var m struct{ Frames []string }
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		want = append(want, m.Frames)
		if err := h.Put(ctx, hub.Event{Profile: "runner-event", Body: json.RawMessage(m.Frames[0])}); err != nil {
			t.Fatal(err)
		}
	}
	flush(t, ctx, h)
	for _, r := range []*libzmq{tcp, ipc} {
		if diff := cmp.Diff(want, r.has(t, ctx, len(want))); diff != "" {
			t.Errorf("%s: %s", r.endpoint, diff)
		}
	}
}

// numbers puts n events, whose bodies are their numbers from start on.
func numbers(t *testing.T, ctx context.Context, h *hub.Hub, start, n int) {
	t.Helper()
	for i := range n {
		if err := h.Put(ctx, hub.Event{Profile: "idem-run", Body: start + i}); err != nil {
			t.Fatal(err)
		}
	}
}

func wantNumbers(start, n int) (want [][]string) {
	for i := range n {
		want = append(want, []string{fmt.Sprint(start + i)})
	}
	return want
}

const zeromqRetry = `{timeout: 2s, batch: 20, retry: {min: 5ms, max: 50ms}}`

func TestZeroMQPullerIsStartedAgain(t *testing.T) {
	ctx := zeromqContext(t)
	first := zmqReceive(t, "PULL", "tcp://127.0.0.1:*")
	h := openHub(t, fmt.Sprintf(`zeromq: {"*": {endpoints: %q, format: raw, delivery: %s}}`, first.endpoint, zeromqRetry))
	numbers(t, ctx, h, 0, 100)
	flush(t, ctx, h)
	if diff := cmp.Diff(wantNumbers(0, 100), first.has(t, ctx, 100)); diff != "" {
		t.Error(diff)
	}
	first.kill()
	numbers(t, ctx, h, 100, 100)
	second := zmqReceive(t, "PULL", first.endpoint)
	flush(t, ctx, h)
	if diff := cmp.Diff(wantNumbers(100, 100), second.has(t, ctx, 100)); diff != "" {
		t.Error(diff)
	}
}

// Connections that are cut again and again lose nothing: a PULL of libzmq has read what its PONG confirms. It takes from its
// connections in turns, so that what came over a new one may overtake what is left of the one before.
func TestZeroMQLosesNothingWithItsConnections(t *testing.T) {
	ctx := zeromqContext(t)
	r := zmqReceive(t, "PULL", "tcp://127.0.0.1:*")
	proxy, err := faultproxy.New(strings.TrimPrefix(r.endpoint, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	h := openHub(t, fmt.Sprintf(`zeromq: {"*": {endpoints: "tcp://%s", format: raw, delivery: %s}}`, proxy.Addr(), zeromqRetry))
	const n = 3000
	for i := range n / 100 {
		fault := faultproxy.Faults{CutWithin: 500, Seed: uint64(i), Reset: i%2 == 0, Times: 2}
		if err := proxy.Set(fault); err != nil {
			t.Fatal(err)
		}
		numbers(t, ctx, h, i*100, 100)
		flush(t, ctx, h)
	}
	eventually(t, ctx, "all are there", func() bool { return different(r.received()) == n })
	d := h.Stats().Destinations[0]
	t.Logf("%d dials, %d messages for %d events", d.Dials, len(r.received()), n)
	if d.Dials < 10 {
		t.Errorf("void: %d dials", d.Dials)
	}
}

// different counts the messages, each once.
func different(messages [][]string) int {
	seen := map[string]bool{}
	for _, m := range messages {
		seen[m[0]] = true
	}
	return len(seen)
}

func TestZeroMQSubscribersOfLibzmq(t *testing.T) {
	ctx := zeromqContext(t)
	path := "ipc://" + filepath.Join(t.TempDir(), "pub")
	binds := zmqReceive(t, "SUB", "tcp://127.0.0.1:*", "--subscribe", "news/idem-s") // one: what comes between two is no subscriber's
	connects := zmqReceive(t, "SUB", path, "--connect", "--subscribe", "news/")
	h := openHub(t, fmt.Sprintf(`
zeromq:
  - "*": {socket: pub, endpoints: %q, format: raw, topic: "news/{profile}", name: one}
  - "*": {socket: pub, bind: true, endpoints: %q, format: raw, topic: "news/{profile}", name: two, delivery: %s}
`, binds.endpoint, path, zeromqRetry))
	for i, profile := range []string{"idem-status", "idem-low", "idem-state", "last"} {
		if err := h.Put(ctx, hub.Event{Profile: profile, Body: i}); err != nil {
			t.Fatal(err)
		}
	}
	flush(t, ctx, h)
	all := [][]string{{"news/idem-status", "0"}, {"news/idem-low", "1"}, {"news/idem-state", "2"}, {"news/last", "3"}}
	if diff := cmp.Diff([][]string{all[0], all[2]}, binds.has(t, ctx, 2)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(all, connects.has(t, ctx, 4)); diff != "" {
		t.Error(diff)
	}
}

func TestZeroMQPlain(t *testing.T) {
	ctx := zeromqContext(t)
	r := zmqReceive(t, "PULL", "tcp://127.0.0.1:*", "--plain", "user:secret")
	login := func(keys string) string {
		return fmt.Sprintf(`zeromq: {"*": {name: d, endpoints: %q, format: raw, delivery: %s, %s}}`, r.endpoint, zeromqRetry, keys)
	}
	h := openHub(t, login("username: user, password: wrong"))
	numbers(t, ctx, h, 0, 1)
	eventually(t, ctx, "the login is refused", func() bool {
		return strings.Contains(stats(t, h, "zeromq:d").LastError, "refuses")
	})
	reload(t, ctx, h, login("confirm: true"))
	eventually(t, ctx, "a password is missed", func() bool {
		text := stats(t, h, "zeromq:d").LastError
		return strings.Contains(text, "username and password") || strings.Contains(text, "another mechanism")
	})
	reload(t, ctx, h, login("username: user, password: secret"))
	flush(t, ctx, h)
	r.has(t, ctx, 1)
}
