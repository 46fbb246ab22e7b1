package nats_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
	evnats "github.com/evhub/evhub/providers/nats"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// configure stands for an entry of the acct file.
type configure func(*evnats.Config)

func (f configure) Decode(into any) error {
	f(into.(*evnats.Config))
	return nil
}

func connection(t *testing.T, set configure) providers.Connection {
	t.Helper()
	conns, err := evnats.Provider().Configure(set)
	if err != nil || len(conns) != 1 {
		t.Fatalf("Configure: %d connections, error %v", len(conns), err)
	}
	return conns[0]
}

func environment() providers.Env {
	return providers.Env{Destination: "test", Logger: slog.New(slog.DiscardHandler), Order: providers.OrderKey, Timeout: 5 * time.Second}
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

// start runs a NATS server with JetStream until the end of the test.
func start(t *testing.T, change func(*server.Options)) *server.Server {
	t.Helper()
	o := &server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true, DisableJetStreamBanner: true,
	}
	if change != nil {
		change(o)
	}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { halt(s) })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server did not start")
	}
	return s
}

func halt(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

func to(s *server.Server) configure {
	return func(c *evnats.Config) { c.Servers = providers.Strings{s.ClientURL()} }
}

// observer is a client of its own, to see what arrived and to make streams.
func observer(t *testing.T, s *server.Server, options ...nats.Option) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(s.ClientURL(), options...)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	nc.SetClosedHandler(func(*nats.Conn) { close(closed) })
	t.Cleanup(func() {
		nc.Close()
		<-closed
	})
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func stream(t *testing.T, js jetstream.JetStream, c jetstream.StreamConfig) jetstream.Stream {
	t.Helper()
	if c.Name == "" {
		c.Name = "EVENTS"
	}
	if c.Subjects == nil {
		c.Subjects = []string{"idem-status"}
	}
	s, err := js.CreateStream(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stored returns all messages of a stream.
func stored(t *testing.T, s jetstream.Stream) []*jetstream.RawStreamMsg {
	t.Helper()
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []*jetstream.RawStreamMsg
	for seq := max(1, info.State.FirstSeq); seq <= info.State.LastSeq; seq++ {
		m, err := s.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

func bodies(ms []*jetstream.RawStreamMsg) []string {
	var all []string
	for _, m := range ms {
		all = append(all, string(m.Data))
	}
	return all
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

func numbered(names string) []providers.Message {
	ms := make([]providers.Message, len(names))
	for i := range ms {
		ms[i] = providers.Message{
			Seq: uint64(i + 1), ID: "id-" + names[i:i+1], Profile: "idem-status", RunName: "cli", Attempt: 1,
			ContentType: "application/json", Body: []byte(names[i : i+1]),
		}
	}
	return ms
}

func class(err error) string {
	switch {
	case err == nil:
		return "delivered"
	case providers.IsPermanent(err):
		return "permanent"
	case providers.IsUnsent(err):
		return "unsent"
	}
	return "unknown"
}

func classes(errs []error) string {
	var names []string
	for _, err := range errs {
		names = append(names, class(err))
	}
	return fmt.Sprint(names)
}

func port(t *testing.T, s *server.Server) string {
	t.Helper()
	u, err := url.Parse(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}
