//go:build unix

package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestMockAPIEndsWithASignal has a post that waits for an answer for ever.
func TestMockAPIEndsWithASignal(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			out, in, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			p := startWriting(t, in, "mock-api", "--listen", "127.0.0.1:0", "--delay", "1000h")
			in.Close()
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			sent, answered := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(answered)
				body := &told{reader: strings.NewReader("1"), read: sent}
				if response, err := http.Post(address(t, line), "application/json", body); err == nil {
					response.Body.Close()
				}
			}()
			<-sent
			p.signal(t, s)
			p.end(t).want(t, exitDone, "not")
			<-answered
			http.DefaultClient.CloseIdleConnections()
		})
	}
}

// told is a reader that tells when it is read.
type told struct {
	reader io.Reader
	read   chan struct{}
}

func (r *told) Read(p []byte) (int, error) {
	n, err := r.reader.Read(p)
	if n > 0 {
		close(r.read)
	}
	return n, err
}
