//go:build unix

package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// chatty listens for requests and says the token of each behind its answer, out of turn.
func chatty(t *testing.T) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n"+r.Header.Get("Authorization"))
			}
			_ = conn.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

// What an endpoint says out of turn net/http quotes in the standard log, which knows neither secrets nor --output json.
func TestTheStandardLogIsSilent(t *testing.T) {
	acctFile := write(t, "acct.yaml", "http: {p: {url: \""+chatty(t)+"\", token: "+canary+"}}\n")
	p := start(t, "put", "-f", acctFile, "-o", "json", "--log-level", "debug")
	p.put(t, strings.Repeat("{\"body\": 1, \"profile\": \"p\"}\n", 20))
	if err := p.in.Close(); err != nil {
		t.Fatal(err)
	}
	r := p.end(t)
	r.want(t, exitDone)
	if strings.Contains(r.err, "Unsolicited") || strings.Contains(r.err, canary) {
		t.Errorf("stderr: %s", r.err)
	}
}
