//go:build unix

package main

import (
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServeEndsItsWorkInSpiteOfAHangup checks that a SIGHUP that comes when evhub serve stops does not end the deliveries.
func TestServeEndsItsWorkInSpiteOfAHangup(t *testing.T) {
	acctFile, _ := toHTTP(t, answering(t, http.StatusServiceUnavailable), "")
	p := startServing(t, "-f", acctFile, "--no-journal", socket(t), "--timeout", "1s", "--log-level", "error")
	if status, _ := p.post(`{"body": 1, "profile": "p"}`); status != 200 {
		t.Errorf("status %d", status)
	}
	p.client.CloseIdleConnections()
	p.signal(t, syscall.SIGTERM)
	path := strings.TrimPrefix(p.sockets[0], "unix:")
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		conn, err := net.Dial("unix", path)
		if err != nil {
			break // it takes nothing any more
		}
		_ = conn.Close()
	}
	p.signal(t, syscall.SIGHUP)
	p.end(t).want(t, exitRemain, "undelivered: 1 event for http:hook")
}
