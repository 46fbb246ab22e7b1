//go:build unix

package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestServeTakesEventsUntilASignal(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		acctFile, events := toFile(t, "raw")
		p := startServing(t, "-f", acctFile, "--journal", newDir(t), socket(t), "--listen", "127.0.0.1:0")
		if status, ids := p.post(`[{"body": 1, "id": "a"}, {"body": 2, "id": "b"}]`); status != 200 || strings.Join(ids, " ") != "a b" {
			t.Errorf("%d, %v", status, ids)
		}
		answer, err := http.Get(p.sockets[1] + "/healthz")
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("%v, %v", answer, err)
		}
		_ = answer.Body.Close()
		http.DefaultClient.CloseIdleConnections()
		p.signal(t, s)
		p.end(t).want(t, exitDone, "2 events accepted, 2 delivered")
		if got := read(t, events); got != "1\n2\n" {
			t.Errorf("arrived: %q", got)
		}
		if _, err := os.Lstat(strings.TrimPrefix(p.sockets[0], "unix:")); !os.IsNotExist(err) {
			t.Errorf("the socket stays: %v", err)
		}
	}
}

// TestServeKeepsWhatItCannotDeliver checks the end of a daemon with a destination that is down.
func TestServeKeepsWhatItCannotDeliver(t *testing.T) {
	for _, c := range []struct {
		journal []string
		code    int
		said    string
	}{
		{[]string{"--journal", newDir(t)}, exitDone, "1 event accepted, 1 delivered, 1 kept in the journal"},
		{[]string{"--no-journal"}, exitRemain, "undelivered: 1 event for http:hook"},
	} {
		e := answering(t, http.StatusServiceUnavailable)
		acctFile, _ := toHTTP(t, e, "")
		p := startServing(t, append(c.journal, "-f", acctFile, socket(t), "--timeout", "50ms", "--log-level", "error")...)
		if status, _ := p.post(`{"body": 1, "profile": "p"}`); status != 200 {
			t.Errorf("status %d", status)
		}
		called(t, e)
		begin := time.Now()
		p.signal(t, syscall.SIGTERM)
		p.end(t).want(t, c.code, c.said)
		if took := time.Since(begin); took > shortDrain {
			t.Errorf("it took %v, with --timeout 50ms", took)
		}
	}
}

// TestServeAndDeadLetters checks that they are a failure where they end with the process, and none where they are kept.
func TestServeAndDeadLetters(t *testing.T) {
	for _, c := range []struct {
		journal []string
		code    int
	}{{[]string{"--journal", newDir(t)}, exitDone}, {[]string{"--no-journal"}, exitDead}} {
		acctFile, _ := toHTTP(t, answering(t, http.StatusBadRequest), "")
		p := startServing(t, append(c.journal, "-f", acctFile, socket(t), "--log-level", "error")...)
		if status, _ := p.post(`{"body": 1, "profile": "p"}`); status != 200 {
			t.Errorf("status %d", status)
		}
		p.signal(t, syscall.SIGTERM)
		p.end(t).want(t, c.code, "1 dead letter")
	}
}

func TestASecondSignalEndsServeAtOnce(t *testing.T) {
	e := answering(t, http.StatusServiceUnavailable)
	acctFile, _ := toHTTP(t, e, "")
	p := startServing(t, "-f", acctFile, "--journal", newDir(t), socket(t), "--timeout", "0", "--log-level", "error")
	p.post(`{"body": 1, "profile": "p"}`)
	begin := time.Now()
	p.signal(t, os.Interrupt)
	p.signal(t, syscall.SIGTERM)
	p.end(t).want(t, exitDone, "kept: 1 event")
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestServeReloads(t *testing.T) {
	acctFile, first := toFile(t, "raw")
	next, second := toFile(t, "raw")
	p := startServing(t, "-f", acctFile, "--no-journal", socket(t), "-o", "json")
	if !strings.HasPrefix(p.ready, `{"listening":["unix:/`) {
		t.Errorf("ready: %s", p.ready)
	}
	p.post(`{"body": 1}`)
	rewrite(t, acctFile, "file: {p: {paht: x}}\nhttp: {p: {}}\n")
	p.signal(t, syscall.SIGHUP)
	if got := p.line(t); got != `{"reload_failed":["`+acctFile+`"]}` {
		t.Errorf("said %q", got)
	}
	p.post(`{"body": 2}`)
	rewrite(t, acctFile, read(t, next))
	p.signal(t, syscall.SIGHUP)
	if got := p.line(t); got != `{"reloaded":["`+acctFile+`"]}` {
		t.Errorf("said %q", got)
	}
	p.post(`{"body": 3}`)
	p.signal(t, syscall.SIGTERM)
	p.end(t).want(t, exitDone, acctFile+":1: file.p.paht: unknown key; did you mean path?", acctFile+":2: http.p.url: ")
	if got := read(t, first) + "-" + read(t, second); got != "1\n2\n-3\n" {
		t.Errorf("arrived: %q", got)
	}
}

func rewrite(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhereServeDoesNotListen(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	short := write(t, "short", "abc\n")
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("RUNTIME_DIRECTORY", "")
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no place":        {nil, exitUsage, "give --listen"},
		"everybody":       {[]string{"--listen", "0.0.0.0:0"}, exitUsage, "give --token-file, or an address of loopback"},
		"any":             {[]string{"--listen", ":0"}, exitUsage, "give --token-file"},
		"no address":      {[]string{"--listen", "8080"}, exitUsage, "--listen: want unix:/path/to.sock or HOST:PORT"},
		"short token":     {[]string{"--listen", "0.0.0.0:0", "--token-file", short}, exitUsage, "can be guessed"},
		"no token":        {[]string{"--listen", "0.0.0.0:0", "--token-file", short + ".missing"}, exitUsage, "--token-file: "},
		"key alone":       {[]string{"--listen", "127.0.0.1:0", "--tls-key", short}, exitUsage, "give both or none"},
		"no certificate":  {[]string{"--listen", "127.0.0.1:0", "--tls-key", short, "--tls-cert", short}, exitUsage, "--tls-cert"},
		"mode":            {[]string{"--listen", "127.0.0.1:0", "--socket-mode", "abc"}, exitUsage, "--socket-mode"},
		"mode for nobody": {[]string{"--listen", "127.0.0.1:0", "--socket-mode", "0"}, exitUsage, "--socket-mode"},
		"a file":          {[]string{"--listen", "unix:" + short}, exitFailure, "is there already, and no socket"},
		"room wait":       {[]string{"--listen", "127.0.0.1:0", "--room-wait", "0"}, exitUsage, "--room-wait"},
	} {
		t.Run(name, func(t *testing.T) {
			evhub(t, "", append([]string{"serve", "-f", acctFile, "--no-journal"}, c.args...)...).want(t, c.code, c.want)
		})
	}
}

func TestTheDefaultSocket(t *testing.T) {
	dir := socketDir(t)
	for _, c := range []struct{ runtime, user, want string }{
		{dir + "/a:/b", "/user", dir + "/a/evhub.sock"}, {"", dir, dir + "/evhub.sock"}, {"relative", dir, dir + "/evhub.sock"},
	} {
		t.Setenv("RUNTIME_DIRECTORY", c.runtime)
		t.Setenv("XDG_RUNTIME_DIR", c.user)
		if got, err := defaultSocket(); got != c.want || err != nil {
			t.Errorf("%+v: %s, %v", c, got, err)
		}
	}
}

func TestTwoServeDoNotShareASocketOrAJournal(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	dir, at := newDir(t), socket(t)
	p := startServing(t, "-f", acctFile, "--journal", dir, at)
	evhub(t, "", "serve", "-f", acctFile, "--journal", newDir(t), at).want(t, exitFailure, "another process listens on ")
	evhub(t, "", "serve", "-f", acctFile, "--journal", dir, socket(t)).want(t, exitFailure, "is in use by process")
	if status, _ := p.post(`{"body": 1}`); status != 200 {
		t.Errorf("the first one answers %d", status)
	}
	p.signal(t, syscall.SIGTERM)
	p.end(t).want(t, exitDone)
}

func TestTheTokenOfAFile(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	token := write(t, "token", canary+canary+"\n")
	if err := os.Chmod(token, 0o644); err != nil {
		t.Fatal(err)
	}
	p := startServing(t, "-f", acctFile, "--no-journal", "--listen", "0.0.0.0:0", "--token-file", token)
	if status, _ := p.post(`{"body": 1}`); status != 401 {
		t.Errorf("without a token: %d", status)
	}
	r, err := http.NewRequest(http.MethodPost, "http://evhub.example/v1/events", strings.NewReader(`{"body": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+canary+canary)
	answer, err := p.client.Do(r)
	if err != nil || answer.StatusCode != 200 {
		t.Fatalf("with the token: %v, %v", answer, err)
	}
	_ = answer.Body.Close()
	p.signal(t, syscall.SIGTERM)
	got := p.end(t)
	got.want(t, exitDone, "others can read the file of the token")
	if strings.Contains(got.err, canary) {
		t.Errorf("the token is said: %s", got.err)
	}
}

// TestServeTellsSystemd checks what a service manager is told, and that it is told when events are taken already.
func TestServeTellsSystemd(t *testing.T) {
	path := filepath.Join(socketDir(t), "notify")
	told, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	_ = told.SetReadDeadline(time.Now().Add(20 * time.Second))
	t.Setenv("NOTIFY_SOCKET", path)
	acctFile, _ := toFile(t, "raw")
	p := startServing(t, "-f", acctFile, "--no-journal", socket(t))
	want := func(want string) {
		t.Helper()
		text := make([]byte, 100)
		if n, err := told.Read(text); err != nil || string(text[:n]) != want {
			t.Errorf("told %q, %v; want %q", text[:n], err, want)
		}
	}
	want("READY=1")
	p.signal(t, syscall.SIGTERM)
	want("STOPPING=1")
	p.end(t).want(t, exitDone)
}

// TestServeNeedsNobodyWhoReadsItsOutput checks that a closed pipe does not end it.
func TestServeNeedsNobodyWhoReadsItsOutput(t *testing.T) {
	acctFile, _ := toFile(t, "raw")
	next, second := toFile(t, "raw")
	p := startServing(t, "-f", acctFile, "--no-journal", socket(t))
	_ = p.pipe.Close()
	rewrite(t, acctFile, read(t, next))
	p.signal(t, syscall.SIGHUP)
	for read(t, second) == "" {
		if status, _ := p.post(`{"body": 1}`); status != 200 {
			t.Fatalf("status %d: %s", status, p.end(t).err)
		}
	}
	p.signal(t, syscall.SIGHUP) // it has said by now that it reloaded
	p.post(`{"body": 1}`)
	p.signal(t, syscall.SIGTERM)
	p.end(t).want(t, exitDone)
}
