package http_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// configure stands for an entry of the acct file.
type configure func(*evhttp.Config)

func (f configure) Decode(into any) error {
	f(into.(*evhttp.Config))
	return nil
}

func connection(t *testing.T, set configure) providers.Connection {
	t.Helper()
	conns, err := evhttp.Provider().Configure(set)
	if err != nil || len(conns) != 1 {
		t.Fatalf("Configure: %d connections, error %v", len(conns), err)
	}
	return conns[0]
}

func environment(order providers.Ordering) providers.Env {
	return providers.Env{Destination: "test", Logger: slog.New(slog.DiscardHandler), Order: order, Timeout: 5 * time.Second}
}

func open(t *testing.T, env providers.Env, set configure) providers.Dial {
	t.Helper()
	dial, err := connection(t, set).Open(env)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return dial
}

// connect returns a session that is closed at the end of the test.
func connect(t *testing.T, env providers.Env, set configure) providers.Session {
	t.Helper()
	s, err := open(t, env, set)(t.Context())
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	t.Cleanup(func() { closeSession(t, s) })
	return s
}

func closeSession(t *testing.T, s providers.Session) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// serve starts a server that ends with the test, whatever its handlers do.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

func to(server *httptest.Server) configure {
	return func(c *evhttp.Config) { c.URL = server.URL + "/in" }
}

// deliver sends messages in one flight and returns the outcome of each.
func deliver(t *testing.T, s providers.Session, ms ...providers.Message) []error {
	t.Helper()
	return wait(t, s.Send(t.Context(), ms), len(ms))
}

func wait(t *testing.T, f providers.Flight, n int) []error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := f.Wait(ctx)
	if batch, ok := errors.AsType[*providers.BatchError](err); ok {
		return batch.Errs
	}
	outcomes := make([]error, n)
	for i := range outcomes {
		outcomes[i] = err
	}
	return outcomes
}

func messages(n int) []providers.Message {
	ms := make([]providers.Message, n)
	for i := range ms {
		ms[i] = providers.Message{
			Seq: uint64(i + 1), ID: fmt.Sprintf("id-%d", i+1), Profile: "idem-status", RunName: "cli", Attempt: 1,
			ContentType: "application/json", Body: fmt.Appendf(nil, `{"n": %d}`, i+1),
		}
	}
	return ms
}

// class names the marks of an outcome.
func class(err error) string {
	var b bytes.Buffer
	switch {
	case err == nil:
		return "delivered"
	case providers.IsPermanent(err):
		b.WriteString("permanent")
	case providers.IsUnsent(err):
		b.WriteString("unsent")
	default:
		b.WriteString("unknown")
	}
	if d := providers.RetryDelay(err); d > 0 {
		fmt.Fprintf(&b, " after %v", d)
	}
	return b.String()
}

func classes(errs []error) []string {
	names := make([]string, len(errs))
	for i, err := range errs {
		names[i] = class(err)
	}
	return names
}
