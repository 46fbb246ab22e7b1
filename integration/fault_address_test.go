package integration

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"
)

// freeAddr is a free port of the loopback address. A proxy never takes it, and no outgoing connection does as long as the
// range of those begins above.
func freeAddr(t *testing.T) string {
	t.Helper()
	for port := 8000 + time.Now().Nanosecond()%1500; port < 10_000; port++ {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = ln.Close()
			return ln.Addr().String()
		}
	}
	t.Fatal("no free port")
	return ""
}

func splitAddr(addr string) (host string, port int) {
	host, text, _ := net.SplitHostPort(addr)
	port, _ = strconv.Atoi(text)
	return host, port
}

// listens returns when somebody listens at addr, or with an error if ctx ends first.
func listens(ctx context.Context, addr string) error {
	ctx, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("nobody listens: %w", err)
		}
	}
}
