//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// serving is evhub serve as a process, which listens.
type serving struct {
	*process
	pipe    *os.File // its output
	out     *bufio.Scanner
	ready   string   // its first line
	sockets []string // addresses, as it says them
	client  *http.Client
}

// socketDir returns a directory for a unix socket: that of the test has too long a name.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "evhub")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// startServing starts evhub serve and returns once it listens.
func startServing(t *testing.T, args ...string) *serving {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	s := &serving{process: startWriting(t, w, append([]string{"serve"}, args...)...), pipe: r, out: bufio.NewScanner(r)}
	_ = w.Close() // the process has it now
	s.ready = s.line(t)
	var line struct{ Listening []string }
	if s.sockets = strings.Fields(s.ready)[1:]; json.Unmarshal([]byte(s.ready), &line) == nil {
		s.sockets = line.Listening
	}
	s.client = &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 100,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if path, ok := strings.CutPrefix(s.sockets[0], "unix:"); ok {
				return new(net.Dialer).DialContext(ctx, "unix", path)
			}
			_, host, _ := strings.Cut(s.sockets[0], "://")
			return new(net.Dialer).DialContext(ctx, "tcp", host)
		},
	}}
	t.Cleanup(s.client.CloseIdleConnections)
	return s
}

// line returns the next line of its output.
func (s *serving) line(t *testing.T) string {
	t.Helper()
	if !s.out.Scan() {
		t.Fatalf("it ended: %s", s.end(t).err)
	}
	return s.out.Text()
}

// post sends events and returns the status and the ids; 0 if the process did not answer.
func (s *serving) post(body string) (status int, ids []string) {
	answer, err := s.client.Post("http://localhost/v1/events", "application/json", strings.NewReader(body))
	if err != nil {
		return 0, nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	var reply struct{ IDs []string }
	if err != nil || json.Unmarshal(text, &reply) != nil {
		return 0, nil
	}
	return answer.StatusCode, reply.IDs
}

// socket returns the flag for a unix socket in a directory of the test.
func socket(t *testing.T) string { return "--listen=unix:" + filepath.Join(socketDir(t), "e.sock") }
