package http_test

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

// raw serves each request on a bare connection with the same bytes and then hangs up.
func raw(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					_, _ = c.Write([]byte(answer))
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		served.Wait()
	})
	return "http://" + l.Addr().String()
}

func TestGarbageIsNoDelivery(t *testing.T) {
	for name, tc := range map[string]struct{ answer, want string }{
		"nothing":          {"", "unknown"},
		"other protocol":   {"SSH-2.0-OpenSSH_9.6\r\n", "unknown"},
		"half a status":    {"HTTP/1.1 2", "unknown"},
		"status of text":   {"HTTP/1.1 OK 200\r\n\r\n", "unknown"},
		"negative status":  {"HTTP/1.1 -20 OK\r\n\r\n", "unknown"},
		"half a header":    {"HTTP/1.1 200 OK\r\nContent-", "unknown"},
		"switching":        {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "unknown"},
		"two lengths":      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "unknown"},
		"body cut short":   {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab", "delivered"},
		"old and no body":  {"HTTP/1.0 204 No Content\r\n\r\n", "delivered"},
		"refusal and gone": {"HTTP/1.0 400 Bad\r\n\r\n", "permanent"},
	} {
		t.Run(name, func(t *testing.T) {
			s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) { c.URL = raw(t, tc.answer) })
			if got := class(deliver(t, s, messages(1)...)[0]); got != tc.want {
				t.Errorf("outcome %s, want %s", got, tc.want)
			}
		})
	}
}

// TestServerThatAlwaysHangsUp has a server that keeps no connection alive: each request needs a new one.
func TestServerThatAlwaysHangsUp(t *testing.T) {
	s := connect(t, environment(providers.OrderKey), func(c *evhttp.Config) {
		c.URL = raw(t, "HTTP/1.0 200 OK\r\n\r\n")
	})
	for i, err := range deliver(t, s, messages(10)...) {
		if err != nil {
			t.Errorf("message %d: %v", i, err)
		}
	}
}
