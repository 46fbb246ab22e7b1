package zeromq_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/faultproxy"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
	"github.com/evhub/evhub/providers/zeromq"
	"github.com/evhub/evhub/providers/zeromq/internal/zmtp"
)

// to leads to one endpoint.
func to(endpoint string) configure {
	return func(c *zeromq.Config) { c.Endpoints = providers.Strings{endpoint} }
}

func unconfirmed(endpoint string) configure {
	return func(c *zeromq.Config) {
		to(endpoint)(c)
		c.Confirm = false
	}
}

// through leads to a receiver that listens on TCP by way of a proxy.
func through(t *testing.T, far *receiver) *faultproxy.Proxy {
	t.Helper()
	proxy, err := faultproxy.New(strings.TrimPrefix(far.address, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	return proxy
}

func TestBodiesOfAnySizeArriveAsTheyAre(t *testing.T) {
	for _, confirm := range []bool{true, false} {
		far := pull().bind(t)
		s := connect(t, func(c *zeromq.Config) { to(far.address)(c); c.Confirm = confirm })
		want := []string{"", "{}", strings.Repeat("x", 255), strings.Repeat("y", 256), strings.Repeat("z", 3<<20), "\x00\xff\n"}
		if err := s.Send(t.Context(), bodies(want...)).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "all are there", func() bool { return len(far.received()) == len(want) })
		if got := texts(far.received()); !slices.Equal(got, want) {
			t.Errorf("confirm %v: %d bodies are not as they were", confirm, len(got))
		}
	}
}

func TestNothingIsDeliveredBeforeThePong(t *testing.T) {
	far := pull().bind(t)
	release := far.stall()
	s := connect(t, to(far.address))
	first, second := s.Send(t.Context(), bodies("a")), s.Send(t.Context(), bodies("b"))
	eventually(t, "both are there", func() bool { return len(far.received()) == 2 })
	release()
	third := s.Send(t.Context(), bodies("c")) // its PONG stands for the two before
	for i, f := range []providers.Flight{first, second, third} {
		if err := f.Wait(t.Context()); err != nil {
			t.Errorf("flight %d: %v", i, err)
		}
	}
}

// A receiver that does not read is felt by Send, which gives up with its ctx; what was not begun is unsent.
func TestBackpressure(t *testing.T) {
	far := pull().bind(t)
	release := far.pause()
	defer release()
	s := connect(t, to(far.address))
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	ms := bodies(strings.Repeat("a", 12<<20), strings.Repeat("b", 1<<20), "c")
	err := s.Send(ctx, ms).Wait(t.Context())
	batch := batchOf(t, err)
	for i, unsent := range []bool{false, true, true} {
		if batch.Errs[i] == nil || providers.IsUnsent(batch.Errs[i]) != unsent || providers.IsPermanent(batch.Errs[i]) {
			t.Errorf("message %d: %v", i, batch.Errs[i])
		}
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not tell why", batch.Errs[0])
	}
}

func TestAPeerThatGoesIsNoticedBeforeTheNextSend(t *testing.T) {
	for _, set := range []func(string) configure{to, unconfirmed} {
		far := pull().bind(t)
		s := connect(t, set(far.address))
		far.cut()
		eventually(t, "the session has ended, and the message is unsent", func() bool {
			err := s.Send(t.Context(), bodies("a")).Wait(t.Context())
			return providers.IsUnsent(err) && (strings.Contains(err.Error(), "closed the connection") || strings.Contains(err.Error(), "reset"))
		})
	}
}

// What a session has written when it closes arrives, though the peer reads late and says something meanwhile.
func TestCloseWaitsUntilAllIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		far *receiver
		set func(endpoint string) configure
	}{
		"push": {pull(), unconfirmed},
		"pub":  {sub(""), func(endpoint string) configure { return published(endpoint, "") }},
	} {
		t.Run(name, func(t *testing.T) {
			far := c.far.bind(t)
			release := far.pause()
			s := connect(t, c.set(far.address))
			var want []string
			for range 100 {
				want = append(want, strings.Repeat("x", 20_000))
			}
			if err := s.Send(t.Context(), bodies(want...)).Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			closed := make(chan error)
			go func() { closed <- s.Close(t.Context()) }()
			for range 20 {
				select {
				case <-closed:
					t.Fatal("Close has not waited")
				case <-time.After(2 * time.Millisecond):
				}
				far.locked(func() { far.conns[0].Write(zmtp.AppendCommand(nil, zmtp.Ping, []byte("\x00\x0ahello"))) })
			}
			release()
			<-closed
			if got := len(far.received()); got != len(want) {
				t.Errorf("%d of %d arrived", got, len(want))
			}
		})
	}
}

// An older PONG than the last is no sign that anything is wrong with what the last one has confirmed.
func TestAPongThatComesLate(t *testing.T) {
	far := pull().bind(t)
	far.stall()
	s := connect(t, to(far.address))
	first, second := s.Send(t.Context(), bodies("a")), s.Send(t.Context(), bodies("b"))
	pong := func(n byte) []byte { return zmtp.AppendCommand(nil, zmtp.Pong, []byte{0, 0, 0, 0, 0, 0, 0, n}) }
	far.locked(func() { far.conns[0].Write(append(pong(2), pong(1)...)) })
	for _, f := range []providers.Flight{first, second} {
		if err := f.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	}
	eventually(t, "such a peer is left", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := s.Send(ctx, bodies("c")).Wait(ctx)
		return err != nil && strings.Contains(err.Error(), "did not get")
	})
}

func TestPingsAreAnswered(t *testing.T) {
	far := pull().bind(t)
	far.first = [][]byte{zmtp.AppendCommand(nil, zmtp.Ping, []byte("\x00\x0ahello")), zmtp.AppendCommand(nil, "NEWS", nil)}
	connect(t, to(far.address))
	eventually(t, "there is a PONG", func() (answered bool) {
		far.locked(func() { answered = slices.Contains(far.said, "PONG hello") })
		return answered
	})
}

func TestWhatAPullNeverSaysEndsTheSession(t *testing.T) {
	for name, c := range map[string]struct {
		said []byte
		want string
	}{
		"message":          {[]byte("\x00\x02hi"), "sent a message"},
		"PONG for nothing": {zmtp.AppendCommand(nil, zmtp.Pong, []byte("\x00\x00\x00\x00\x00\x00\x00\x09")), "did not get"},
		"short PONG":       {zmtp.AppendCommand(nil, zmtp.Pong, []byte("\x01")), "did not get"},
		"broken PING":      {zmtp.AppendCommand(nil, zmtp.Ping, nil), "broken command"},
		"broken command":   {[]byte("\x04\x00"), "broken command"},
		"ERROR":            {zmtp.AppendCommand(nil, zmtp.Error, []byte("\x02no")), `refuses: "no"`},
		"endless frame":    {[]byte("\x02\x7f\xff\xff\xff\xff\xff\xff\xff"), "9223372036854775807 bytes"},
		"large frame":      {zmtp.AppendMessage(nil, make([]byte, 1<<20), false), "1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			far := pull().bind(t)
			far.stall()
			far.first = [][]byte{c.said}
			s := connect(t, to(far.address))
			err := s.Send(t.Context(), bodies("a")).Wait(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || providers.IsPermanent(err) {
				t.Errorf("got %v, want ... %s ...", err, c.want)
			}
		})
	}
}

func TestDialFails(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	old := append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0}, "NULL"...)
	old = append(old, make([]byte, 48)...)
	old = zmtp.AppendCommand(old, zmtp.Ready, []byte("\x0bSocket-Type\x00\x00\x00\x04PULL"))
	for name, c := range map[string]struct {
		address  string
		greeting string
		want     string
	}{
		"nobody there":  {"tcp://" + listener.Addr().String(), "", "refused"},
		"no socket":     {"ipc://" + filepath.Join(t.TempDir(), "s"), "", "no such file"},
		"HTTP":          {"", "HTTP/1.1 400 Bad Request\r\n", "no ZeroMQ socket"},
		"silence":       {"", " ", "no handshake in time"},
		"knows no PING": {"", string(old), "confirm: false"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.greeting != "" {
				far := pull()
				far.greeting = []byte(strings.TrimSpace(c.greeting))
				c.address = far.bind(t).address
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := open(t, to(c.address))(ctx)
			if err == nil || !strings.Contains(err.Error(), c.want) || providers.IsPermanent(err) {
				t.Errorf("got %v, want ... %s ...", err, c.want)
			}
		})
	}
	far := pull()
	far.greeting = old
	connect(t, unconfirmed(far.bind(t).address))
}

// A connection that breaks anywhere loses nothing that was reported delivered, and nothing comes out of order.
func TestCutAnywhere(t *testing.T) {
	far := pull().bind(t)
	proxy := through(t, far)
	dial := open(t, to("tcp://"+proxy.Addr()))
	ms := make([]providers.Message, 60)
	for i := range ms {
		ms[i] = providertest.Message("k", i+1, 30)
	}
	next, lost := 0, 0
	for seed := uint64(1); next < len(ms) && lost < 500; seed++ {
		fault := faultproxy.Faults{CutWithin: 400, Seed: seed, Chunk: 7, Reset: seed%2 == 0}
		if err := proxy.Set(fault); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		s, err := dial(ctx)
		for n := 0; err == nil && n < 4 && next < len(ms); n++ {
			end := min(next+1, len(ms))
			if err = s.Send(ctx, ms[next:end]).Wait(ctx); err == nil {
				next = end
			}
		}
		if err != nil {
			lost++
		}
		if s != nil {
			s.Close(ctx)
		}
		cancel()
	}
	if next < len(ms) || lost < 10 {
		t.Fatalf("void: %d of %d delivered, %d connections lost", next, len(ms), lost)
	}
	var first []string
	for _, b := range far.received() {
		if id := providertest.ID(b); !slices.Contains(first, id) {
			first = append(first, id)
		}
	}
	var want []string
	for _, m := range ms {
		want = append(want, m.ID)
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
}

func TestFramesStayWholeThroughAFullPipe(t *testing.T) {
	far := pull().bind(t)
	proxy := through(t, far)
	if err := proxy.Set(faultproxy.Faults{Chunk: 1000, Latency: time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	far.first = [][]byte{bytes.Repeat(zmtp.AppendCommand(nil, zmtp.Ping, []byte("\x00\x00x")), 200)}
	s := connect(t, to("tcp://"+proxy.Addr()))
	text := strings.Repeat("x", 200_000)
	if err := s.Send(t.Context(), bodies(text, text)).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := texts(far.received()); !slices.Equal(got, []string{text, text}) {
		t.Errorf("%d bodies, not as they were", len(got))
	}
}
