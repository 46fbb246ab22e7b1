package faultproxy_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/internal/faultproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo starts a server that sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	return serve(t, func(c net.Conn) { _, _ = io.Copy(c, c) })
}

func serve(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				handle(c)
			})
		}
	})
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	return ln.Addr().String()
}

func newProxy(t *testing.T, target string) *faultproxy.Proxy {
	t.Helper()
	p, err := faultproxy.New(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func set(t *testing.T, p *faultproxy.Proxy, f faultproxy.Faults) {
	t.Helper()
	if err := p.Set(f); err != nil {
		t.Fatal(err)
	}
}

// dial connects to the proxy; every read and write fails after a few seconds rather than hang.
func dial(t *testing.T, p *faultproxy.Proxy) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	deadline(t, c, 5*time.Second)
	return c.(*net.TCPConn)
}

func deadline(t *testing.T, c net.Conn, d time.Duration) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

func send(t *testing.T, c net.Conn, data []byte) {
	t.Helper()
	if _, err := c.Write(data); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, c net.Conn, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("received %d of %d bytes, equal: %v, error: %v", n, len(want), bytes.Equal(got, want), err)
	}
}

// silent checks that nothing comes for a while.
func silent(t *testing.T, c net.Conn) {
	t.Helper()
	deadline(t, c, 50*time.Millisecond)
	n, err := c.Read(make([]byte, 1))
	var ne net.Error
	if n != 0 || !errors.As(err, &ne) || !ne.Timeout() {
		t.Fatalf("read %d bytes, error %v; want silence", n, err)
	}
	deadline(t, c, 5*time.Second)
}

func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * 7 >> 3)
	}
	return data
}

func TestPassesEverythingAndCounts(t *testing.T) {
	p := newProxy(t, echo(t))
	c, data := dial(t, p), pattern(1<<20)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = c.Write(data)
		_ = c.CloseWrite()
	})
	got, err := io.ReadAll(c)
	wg.Wait()
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("got %d bytes of %d, error %v", len(got), len(data), err)
	}
	if s := p.Stats(); s.Accepted != 1 || s.Up != 1<<20 || s.Down != 1<<20 || s.Dropped != 0 || s.Cuts != 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestTargetDownResetsTheClient(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := ln.Addr().String()
	ln.Close()
	c, err := net.Dial("tcp", newProxy(t, target).Addr())
	if err == nil {
		defer c.Close()
		_, err = c.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("dial and read: %v, want a reset", err)
	}
}

func TestCloseEndsOpenConnections(t *testing.T) {
	p := newProxy(t, echo(t))
	c := dial(t, p)
	send(t, c, []byte("x"))
	receive(t, c, []byte("x"))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read after Close: %v, want a reset", err)
	}
	if err := p.Set(faultproxy.Faults{}); err == nil {
		t.Error("Set after Close: no error")
	}
}
