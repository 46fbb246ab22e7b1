package kafka_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
	"github.com/evhub/evhub/providers/kafka/internal/brokertest"
	"github.com/google/go-cmp/cmp"
)

func TestLeaderMoves(t *testing.T) {
	c := brokertest.New(t, 3)
	c.Create("events", 1)
	s := session(t, dialer(t, c, nil))
	for i := range 9 {
		c.Lead("events", 0, int32(i%3))
		f := s.Send(context.Background(), numbered(i*2, i*2))
		g := s.Send(context.Background(), numbered(i*2+1, i*2+1))
		for _, f := range []providers.Flight{f, g} {
			if err := wait(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(values(0, 17), c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

// TestIdleConnection is closed after a while, and opened again by the next event.
func TestIdleConnection(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	for name, ms := range map[string]int{"ours": 20, "the broker's": 0} {
		t.Run(name, func(t *testing.T) {
			s := session(t, dialer(t, c, func(config *kafka.Config) { config.Connection.ConnectionsMaxIdleMS = ms }))
			for range 3 {
				deliver(t, s, numbered(0, 0))
				if ms == 0 {
					c.Hangup()
				}
				eventually(t, "connection closed", func() bool { return c.Connections() == 0 })
			}
			deliver(t, s, numbered(0, 0))
			closeSession(t, s)
		})
	}
}

// TestLoginExpires: connections are replaced before their login runs out.
func TestLoginExpires(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	c.User, c.Password, c.Lifetime = "user", "secret", 50*time.Millisecond
	logins := 0
	c.Wrap(func(conn net.Conn) net.Conn { logins++; return conn })
	s := session(t, dialer(t, c, func(config *kafka.Config) {
		config.Connection.SASLPlainUsername, config.Connection.SASLPlainPassword = "user", providers.NewSecret("secret")
	}))
	end := time.Now().Add(200 * time.Millisecond)
	n := 0
	for ; time.Now().Before(end); n++ {
		deliver(t, s, numbered(n, n))
	}
	closeSession(t, s)
	c.Close()
	if logins < 3 || logins > 20 {
		t.Errorf("%d logins", logins)
	}
	if diff := cmp.Diff(values(0, n-1), c.Values("events")); diff != "" {
		t.Error(diff)
	}
}

func TestWrongPassword(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	c.User, c.Password = "user", "secret"
	for name, test := range map[string]struct {
		set  func(*kafka.Connection)
		text string
	}{
		"wrong":      {func(n *kafka.Connection) { n.SASLPlainPassword = providers.NewSecret("hunter2") }, "SASL_AUTHENTICATION_FAILED"},
		"mechanism":  {func(n *kafka.Connection) { n.SASLMechanism = "SCRAM-SHA-256" }, "mechanisms on this listener: PLAIN"},
		"none given": {func(n *kafka.Connection) { n.SASLPlainUsername = "" }, "check security_protocol"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := dialer(t, c, func(config *kafka.Config) {
				config.Connection.SASLPlainUsername = "user"
				test.set(&config.Connection)
			})(context.Background())
			if err == nil || !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "hunter2") || providers.IsPermanent(err) {
				t.Errorf("Dial: %v", err)
			}
		})
	}
}

// TestBootstrapInTurn: servers that are down, or no brokers at all, are passed over.
func TestBootstrapInTurn(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	stranger, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	go func() {
		for {
			conn, err := stranger.Accept()
			if err != nil {
				return
			}
			conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			conn.Close()
		}
	}()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	servers := providers.Strings{closed.Addr().String(), stranger.Addr().String()}
	_, err = dialer(t, c, func(config *kafka.Config) { config.Connection.BootstrapServers = servers })(context.Background())
	if err == nil || !strings.Contains(err.Error(), "not a Kafka broker") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("Dial: %v", err)
	}
	deliver(t, session(t, dialer(t, c, func(config *kafka.Config) {
		config.Connection.BootstrapServers = append(servers, c.Addresses()...)
	})), numbered(0, 0))
}

// TestCloseGivesUp: Close ends Send and Wait, and Wait's context ends the session.
func TestCloseGivesUp(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	c.Script = func(brokertest.Batch) brokertest.Reply { return brokertest.Reply{Silent: true} }
	dial := dialer(t, c, nil)
	s := session(t, dial)
	f := s.Send(context.Background(), numbered(0, 0))
	eventually(t, "at the broker", func() bool { return c.Requests() == 1 })
	closeSession(t, s)
	if err := wait(f); err == nil || providers.IsUnsent(err) {
		t.Errorf("Wait after Close: %v", err)
	}
	if err := wait(s.Send(context.Background(), numbered(1, 1))); !providers.IsUnsent(err) {
		t.Errorf("Send after Close: %v", err)
	}
	s = session(t, dial)
	f = s.Send(context.Background(), numbered(0, 0))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := f.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait with an end: %v", err)
	}
	if err := wait(s.Send(context.Background(), numbered(1, 1))); err == nil {
		t.Error("the session takes more after an unknown outcome")
	}
}

// TestSendBlockedOnTheNetwork ends with its context.
func TestSendBlockedOnTheNetwork(t *testing.T) {
	c := brokertest.New(t, 1)
	c.Create("events", 1)
	gate := make(chan struct{})
	defer close(gate)
	c.Script = func(b brokertest.Batch) brokertest.Reply {
		if b.Attempt > 1 {
			return brokertest.Reply{Wait: gate}
		}
		return brokertest.Reply{}
	}
	s := session(t, dialer(t, c, func(config *kafka.Config) { config.Connection.MaxRequestSize = 64 * providers.MiB }))
	deliver(t, s, numbered(0, 0))
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	big := numbered(1, 1)
	big[0].Body = bytes.Repeat([]byte("x"), 32<<20)
	start := time.Now()
	for range 3 {
		s.Send(ctx, big)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("Send returned after %s", d)
	}
	closeSession(t, s)
}

// TestWarnings say which keys do not do what they say.
func TestWarnings(t *testing.T) {
	var log bytes.Buffer
	env := environment(time.Second)
	env.Logger = slog.New(slog.NewTextHandler(&log, nil))
	conns := configured(t, func(config *kafka.Config) {
		config.Connection.LingerMS, config.Connection.APIVersion = 7, "2.4"
		config.Connection.SecurityProtocol, config.Connection.SASLPlainUsername = "PLAINTEXT", "user"
		config.SSL.CAFile = "ca.pem"
	})
	if _, err := conns[0].Open(env); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"linger: 7ms", "api_version has no effect", "login", "encrypted because ssl is given"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no warning with %q in %s", want, log.String())
		}
	}
}
