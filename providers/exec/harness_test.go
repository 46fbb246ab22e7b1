//go:build unix

package exec_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/exec"
	"github.com/evhub/evhub/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// alive reports whether a process runs.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

// configure stands for an entry of the acct file.
type configure func(*exec.Config)

func (f configure) Decode(into any) error {
	f(into.(*exec.Config))
	return nil
}

// shell makes a script for sh the program; it says that it is ready first.
func shell(script string) configure {
	return func(c *exec.Config) {
		c.Command = []string{"/bin/sh", "-c", `echo '{"ready": true}'; ` + script}
		c.Grace = time.Second
	}
}

func connection(t *testing.T, set configure) providers.Connection {
	t.Helper()
	conns, err := exec.Provider().Configure(set)
	if err != nil {
		t.Fatal(err)
	}
	return conns[0]
}

// execConfig is short for tests that set more than one thing.
type execConfig = exec.Config

func batchOf(t *testing.T, err error) *providers.BatchError {
	t.Helper()
	batch, ok := errors.AsType[*providers.BatchError](err)
	if !ok {
		t.Fatalf("got %v; want an outcome for each message", err)
	}
	return batch
}

func keysOf(err error) (keys []string) {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, err := range all {
		if wrong, ok := errors.AsType[*providers.ConfigError](err); ok {
			keys = append(keys, wrong.Key)
		}
	}
	return keys
}

// log collects what is logged.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *log) env() providers.Env {
	return providers.Env{Destination: "test", Logger: slog.New(slog.NewTextHandler(l, nil)), Order: providers.OrderKey, Timeout: 5 * time.Second}
}

// dial starts a session that is closed at the end of the test.
func dial(t *testing.T, set configure) (providers.Session, *log) {
	t.Helper()
	var l log
	open, err := connection(t, set).Open(l.env())
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s, &l
}

func send(t *testing.T, s providers.Session, ms ...providers.Message) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return s.Send(ctx, ms).Wait(ctx)
}

// numbered returns n messages.
func numbered(n int) (ms []providers.Message) {
	for i := range n {
		ms = append(ms, providertest.Message("k", i+1, 0))
	}
	return ms
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(5 * time.Second); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("in five seconds it did not come to this: %s", what)
		}
	}
}

func TestContract(t *testing.T) {
	for name, window := range map[string]int{"window 1": 1, "window 8": 8} {
		t.Run(name, func(t *testing.T) {
			providertest.Run(t, func(t *testing.T) providertest.Target {
				dir := t.TempDir()
				conn := connection(t, func(c *exec.Config) { program(dir)(c); c.Window = window })
				open, err := conn.Open((&log{}).env())
				if err != nil {
					t.Fatal(err)
				}
				return providertest.Target{Dial: open, Caps: conn.Caps, Far: farEnd(dir)}
			})
		})
	}
}
