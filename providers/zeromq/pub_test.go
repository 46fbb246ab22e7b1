package zeromq_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/zeromq"
	"github.com/evhub/evhub/providers/zeromq/internal/zmtp"
)

func published(endpoint, topic string) configure {
	return func(c *zeromq.Config) { to(endpoint)(c); c.Socket, c.Topic = "pub", topic }
}

func bound(path string) configure {
	return func(c *zeromq.Config) { published("ipc://"+path, "")(c); c.Bind = true }
}

func deliver(t *testing.T, s providers.Session, texts ...string) {
	t.Helper()
	if err := s.Send(t.Context(), bodies(texts...)).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestSubscribersGetWhatTheyAskedFor(t *testing.T) {
	older := func(r *receiver, said ...string) *receiver { // as ZMTP 3.0 does, in messages
		for _, text := range said {
			r.first = append(r.first, zmtp.AppendMessage(nil, []byte(text), false))
		}
		return r
	}
	many := sub("p/b")
	for i := range 100 {
		many.first = append(many.first, zmtp.AppendCommand(nil, zmtp.Subscribe, []byte{'q', byte(i)}))
	}
	cancelled := sub("p/a", "p/b", "p/b")
	for _, prefix := range []string{"p/a", "p/b", "never"} {
		cancelled.first = append(cancelled.first, zmtp.AppendCommand(nil, zmtp.Cancel, []byte(prefix)))
	}
	for name, c := range map[string]struct {
		far    *receiver
		topic  string
		want   []string
		topics []string
	}{
		"everything":         {sub(""), "", []string{"a", "b", "bc", "last"}, nil},
		"by body":            {sub("b", "last"), "", []string{"b", "bc", "last"}, nil},
		"by profile":         {sub("p/b", "p/last"), "{profile}", []string{"b", "bc", "last"}, []string{"p/b", "p/bc", "p/last"}},
		"fixed topic":        {sub("news"), "news", []string{"a", "b", "bc", "last"}, []string{"news", "news", "news", "news"}},
		"another topic":      {sub("news/p/last", "p"), "news/{profile}", []string{"last"}, []string{"news/p/last"}},
		"ZMTP 3.0":           {older(sub(), "\x01p/b", "\x01p/a", "\x00p/a", "\x01p/last"), "{profile}", []string{"b", "bc", "last"}, nil},
		"cancelled once":     {older(cancelled, "\x01p/last"), "{profile}", []string{"b", "bc", "last"}, nil},
		"many subscriptions": {older(many, "\x01p/last"), "{profile}", []string{"b", "bc", "last"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			far := c.far.bind(t)
			s := connect(t, published(far.address, c.topic))
			eventually(t, "the last subscription is there", func() bool {
				deliver(t, s, "lastly")
				return len(far.received()) > 0
			})
			deliver(t, s, "a", "b", "bc", "last")
			var got []string
			eventually(t, "the last one is there", func() bool {
				got = slices.DeleteFunc(texts(far.received()), func(text string) bool { return text == "lastly" })
				return slices.Contains(got, "last")
			})
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.topics != nil && !slices.Equal(far.topics[len(far.topics)-len(c.topics):], c.topics) {
				t.Errorf("topics %q, want %q", far.topics, c.topics)
			}
		})
	}
}

func TestDialWaitsForASubscription(t *testing.T) {
	far := sub().bind(t)
	gone := sub()
	gone.first = [][]byte{[]byte("\x04\x00")}
	for address, want := range map[string]string{far.address: "nobody subscribes", gone.bind(t).address: "nobody subscribes, and the peer has gone"} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := open(t, published(address, ""))(ctx); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want ... %s ...", err, want)
		}
	}
}

func TestASessionEndsWithTheLastSubscription(t *testing.T) {
	far := sub("").bind(t)
	s := connect(t, published(far.address, ""))
	deliver(t, s, "a")
	far.locked(func() { far.conns[0].Write(zmtp.AppendCommand(nil, zmtp.Cancel, nil)) })
	eventually(t, "what comes next is unsent", func() bool {
		return providers.IsUnsent(s.Send(t.Context(), bodies("b")).Wait(t.Context()))
	})
	far.locked(func() { far.conns[0].Write(zmtp.AppendCommand(nil, zmtp.Subscribe, nil)) })
	if err := s.Send(t.Context(), bodies("c")).Wait(t.Context()); !providers.IsUnsent(err) {
		t.Errorf("a session that has ended goes on: %v", err)
	}
}

func TestSubscribersComeAndGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	first := sub("").connect(t, path)
	s := connect(t, bound(path))
	second := sub("b").connect(t, path)
	eventually(t, "both hear", func() bool {
		deliver(t, s, "b")
		return len(second.received()) > 0
	})
	paused := first.pause()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	large := "b" + strings.Repeat("x", 1<<20)
	if err := s.Send(ctx, bodies(large+"1", large+"2")).Wait(ctx); err != nil { // the first may be on its way already
		t.Errorf("one that does not read holds up the others: %v", err)
	}
	paused()
	eventually(t, "the other one has it", func() bool { return slices.Contains(texts(second.received()), large+"2") })
	eventually(t, "the one that was cut off is there again", func() bool {
		deliver(t, s, "back")
		return slices.Contains(texts(first.received()), "back")
	})
}

// When nobody could be sent to, the session ends, though somebody is there again.
func TestABoundSessionIsFailStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	far := sub("").connect(t, path)
	s := connect(t, bound(path))
	release := far.pause()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	large := strings.Repeat("x", 1<<20)
	batch := batchOf(t, s.Send(ctx, bodies(large, large+"2", large+"3", "last")).Wait(ctx))
	if providers.IsUnsent(batch.Errs[0]) || !providers.IsUnsent(batch.Errs[3]) {
		t.Errorf("the first was begun, the last was not: %v", batch.Errs)
	}
	release()
	eventually(t, "it has lost the connection", func() bool { return far.gone() > 0 })
	if err := s.Send(t.Context(), bodies("a")).Wait(t.Context()); !providers.IsUnsent(err) {
		t.Errorf("the session goes on: %v", err)
	}
}

func TestSubscribersThatHaveGoneTakeNoRoom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	sub("").connect(t, path)
	s := connect(t, bound(path))
	for range 1001 {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := zmtp.Handshake(bufio.NewReader(conn), conn, zmtp.Role{Socket: "SUB", Peers: []string{"PUB"}}); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	late := sub("").connect(t, path)
	eventually(t, "a late one hears", func() bool {
		deliver(t, s, "a")
		return len(late.received()) > 0
	})
}

func TestStrangersAtABoundSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	far := sub("").connect(t, path)
	s := connect(t, bound(path))
	for _, said := range []string{"GET / HTTP/1.1\r\n\r\n", ""} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.Write([]byte(said))
	}
	wrong := pull()
	wrong.connect(t, path)
	for name, said := range map[string][]byte{
		"message":   []byte("\x00\x02hi"),
		"empty":     []byte("\x00\x00"),
		"two parts": []byte("\x01\x01\x01"),
	} {
		babbler := sub("")
		babbler.first = append(babbler.first, said)
		babbler.connect(t, path)
		eventually(t, name+" is thrown out", func() bool { return babbler.gone() > 0 })
	}
	hoarder, fickle := sub(), sub()
	for i := range 80 {
		prefix := []byte(strings.Repeat("x", 60_000) + string(rune('0'+i)))
		hoarder.first = append(hoarder.first, zmtp.AppendCommand(nil, zmtp.Subscribe, prefix))
		fickle.first = append(fickle.first, zmtp.AppendCommand(nil, zmtp.Subscribe, prefix), zmtp.AppendCommand(nil, zmtp.Cancel, prefix))
	}
	fickle.first = append(fickle.first, zmtp.AppendCommand(nil, zmtp.Subscribe, []byte("a")))
	hoarder.connect(t, path)
	fickle.connect(t, path)
	eventually(t, "who hoards is thrown out, who cancels is not", func() bool {
		deliver(t, s, "a")
		return hoarder.gone() > 0 && len(fickle.received()) > 0
	})
	if fickle.gone() > 0 {
		t.Error("who cancels was thrown out")
	}
	deliver(t, s, "a")
	eventually(t, "the one who behaves has it", func() bool { return slices.Contains(texts(far.received()), "a") })
}

func TestBindingTakesOverTheSocketOfADeadProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := open(t, bound(path))(ctx); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("bound where somebody listens: %v", err)
	}
	listener.SetUnlinkOnClose(false)
	listener.Close()
	sub("").connect(t, path)
	deliver(t, connect(t, bound(path)), "a")

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, bound(file))(t.Context()); err == nil {
		t.Error("bound over a file")
	}
	if text, _ := os.ReadFile(file); string(text) != "precious" {
		t.Error("the file is gone")
	}
}
