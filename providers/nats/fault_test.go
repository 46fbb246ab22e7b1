package nats_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/evhub/evhub/internal/faultproxy"
	"github.com/evhub/evhub/providers"
	evnats "github.com/evhub/evhub/providers/nats"
)

// proxied returns a proxy before a server.
func proxied(t *testing.T, srv *server.Server) *faultproxy.Proxy {
	t.Helper()
	p, err := faultproxy.New("127.0.0.1:" + port(t, srv))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func through(p *faultproxy.Proxy) configure {
	return func(c *evnats.Config) { c.Servers = providers.Strings{p.Addr()} }
}

func set(t *testing.T, p *faultproxy.Proxy, f faultproxy.Faults) {
	t.Helper()
	if err := p.Set(f); err != nil {
		t.Fatal(err)
	}
}

// quick makes an answer that does not come noticed soon.
func quick() providers.Env {
	env := environment()
	env.Timeout = 300 * time.Millisecond
	return env
}

func TestLostAcknowledgementsMakeNoDuplicates(t *testing.T) {
	srv := start(t, nil)
	st := stream(t, observer(t, srv), jetstream.StreamConfig{})
	proxy := proxied(t, srv)
	dial := open(t, quick(), through(proxy))
	s, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set(t, proxy, faultproxy.Faults{DropAnswers: true})
	first, second := s.Send(t.Context(), numbered("abc")), s.Send(t.Context(), numbered("d"))
	if got := classes(wait(t, first, 3)) + classes(wait(t, second, 1)); got != "[unknown unknown unknown][unknown]" {
		t.Errorf("without answers: %s", got)
	}
	if got := classes(deliver(t, s, numbered("e")...)); got != "[unsent]" {
		t.Errorf("after that: %s", got)
	}
	closeSession(t, s)

	set(t, proxy, faultproxy.Faults{})
	s = connect(t, environment(), through(proxy))
	if got := classes(deliver(t, s, numbered("abcde")...)); got != "[delivered delivered delivered delivered delivered]" {
		t.Errorf("sent again: %s", got)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "e"}, bodies(stored(t, st))); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestServerRestart(t *testing.T) {
	dir := t.TempDir()
	fixed := func(o *server.Options) { o.StoreDir = dir }
	srv := start(t, fixed)
	stream(t, observer(t, srv), jetstream.StreamConfig{Storage: jetstream.FileStorage})
	proxy := proxied(t, srv)
	dial := open(t, environment(), through(proxy))
	s, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := classes(deliver(t, s, numbered("a")...)); got != "[delivered]" {
		t.Fatal(got)
	}
	back := port(t, srv)
	halt(srv)
	for _, err := range deliver(t, s, numbered("bc")...) {
		if err == nil || providers.IsPermanent(err) {
			t.Errorf("with the server down: %v", err)
		}
	}
	closeSession(t, s)
	if s, err := dial(t.Context()); err == nil {
		closeSession(t, s)
		t.Error("Dial succeeded with the server down")
	}

	srv = start(t, func(o *server.Options) {
		fixed(o)
		o.Port = atoi(t, back)
	})
	s = connect(t, environment(), through(proxy))
	if got := classes(deliver(t, s, numbered("bc")...)); got != "[delivered delivered]" {
		t.Errorf("after the restart: %s", got)
	}
	st, err := observer(t, srv).Stream(t.Context(), "EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, bodies(stored(t, st))); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// TestStuckConnection sends more than the network holds to a server that reads nothing.
func TestStuckConnection(t *testing.T) {
	srv := start(t, nil)
	stream(t, observer(t, srv), jetstream.StreamConfig{})
	proxy := proxied(t, srv)
	for name, end := range map[string]func(context.CancelFunc, providers.Session){
		"Send ends with its context": func(cancel context.CancelFunc, _ providers.Session) { cancel() },
		"Close ends Send":            func(_ context.CancelFunc, s providers.Session) { closeSession(t, s) },
	} {
		t.Run(name, func(t *testing.T) {
			env := environment()
			env.Timeout = time.Minute
			s := connect(t, env, through(proxy))
			set(t, proxy, faultproxy.Faults{Blackhole: true})
			defer set(t, proxy, faultproxy.Faults{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ms := numbered(strings.Repeat("a", 40))
			for i := range ms {
				ms[i].Body = make([]byte, 900<<10)
			}
			sent := make(chan providers.Flight, 1)
			go func() { sent <- s.Send(ctx, ms) }()
			select {
			case <-sent:
				t.Fatal("36 MB went into a stuck connection")
			case <-time.After(200 * time.Millisecond):
			}
			end(cancel, s)
			select {
			case f := <-sent:
				for i, err := range wait(t, f, len(ms)) {
					if err == nil || providers.IsPermanent(err) {
						t.Errorf("message %d: %v", i, err)
					}
				}
			case <-time.After(10 * time.Second):
				t.Fatal("Send goes on")
			}
		})
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	srv := start(t, nil)
	stream(t, observer(t, srv), jetstream.StreamConfig{})
	for _, jetStream := range []bool{true, false} {
		proxy := proxied(t, srv)
		s := connect(t, environment(), func(c *evnats.Config) {
			through(proxy)(c)
			c.JetStream = jetStream
		})
		set(t, proxy, faultproxy.Faults{Blackhole: true})
		f := s.Send(t.Context(), numbered("a"))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := f.Wait(ctx); err == nil || providers.IsPermanent(err) || providers.IsUnsent(err) {
			t.Errorf("jetstream %v: Wait = %v", jetStream, err)
		}
		if got := classes(deliver(t, s, numbered("b")...)); got != "[unsent]" {
			t.Errorf("jetstream %v: after that %s", jetStream, got)
		}
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	srv := start(t, nil)
	proxy := proxied(t, srv)
	set(t, proxy, faultproxy.Faults{Blackhole: true})
	env := environment()
	env.Timeout = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if s, err := open(t, env, through(proxy))(ctx); err == nil {
		closeSession(t, s)
		t.Error("Dial succeeded")
	}
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("Dial took %v", d)
	}
}
