package zeromq_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/providertest"
	"github.com/evhub/evhub/providers/zeromq"
	"github.com/evhub/evhub/providers/zeromq/internal/zmtp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// configure stands for an entry of the acct file.
type configure func(*zeromq.Config)

func (f configure) Decode(into any) error {
	f(into.(*zeromq.Config))
	return nil
}

func connection(t *testing.T, set configure) providers.Connection {
	t.Helper()
	conns, err := zeromq.Provider().Configure(set)
	if err != nil || len(conns) != 1 {
		t.Fatalf("Configure: %d connections, error %v", len(conns), err)
	}
	return conns[0]
}

func environment() providers.Env {
	return providers.Env{Destination: "test", Logger: slog.New(slog.DiscardHandler), Order: providers.OrderKey, Timeout: 5 * time.Second}
}

func open(t *testing.T, set configure) providers.Dial {
	t.Helper()
	dial, err := connection(t, set).Open(environment())
	if err != nil {
		t.Fatal(err)
	}
	return dial
}

// connect returns a session that is closed at the end of the test.
func connect(t *testing.T, set configure) providers.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	s, err := open(t, set)(ctx)
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

func batchOf(t *testing.T, err error) *providers.BatchError {
	t.Helper()
	batch, ok := errors.AsType[*providers.BatchError](err)
	if !ok {
		t.Fatalf("got %v; want an outcome for each message", err)
	}
	return batch
}

// fault is what a receiver does to one message.
type fault int

const (
	none fault = iota
	loseAnswer
	loseMessage
)

// receiver is a PULL or a SUB in this process. It stores the last frame of each message.
type receiver struct {
	role     zmtp.Role
	greeting []byte   // in place of the handshake, if not nil
	first    [][]byte // said behind the handshake
	address  string
	running  sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	stored  [][]byte
	topics  []string
	script  map[string]fault // by message ID; each happens once
	stalled bool             // PINGs get no answer
	conns   []net.Conn
	paused  chan struct{} // not nil: nothing is read until it is closed
	said    []string      // commands but PING
	ended   int           // connections that have come and gone
}

func pull() *receiver { return &receiver{role: zmtp.Role{Socket: "PULL", Peers: []string{"PUSH"}}} }

// sub subscribes as ZMTP 3.1 does.
func sub(prefixes ...string) *receiver {
	r := &receiver{role: zmtp.Role{Socket: "SUB", Peers: []string{"PUB"}}}
	for _, p := range prefixes {
		r.first = append(r.first, zmtp.AppendCommand(nil, zmtp.Subscribe, []byte(p)))
	}
	return r
}

// bind takes connections until the end of the test.
func (r *receiver) bind(t *testing.T) *receiver {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address, r.script = "tcp://"+listener.Addr().String(), map[string]fault{}
	r.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			r.running.Go(func() { r.serve(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		r.cut()
		r.running.Wait()
	})
	return r
}

// connect connects to a unix socket again and again until the end of the test.
func (r *receiver) connect(t *testing.T, path string) *receiver {
	t.Helper()
	r.address, r.script = "ipc://"+path, map[string]fault{}
	ctx, cancel := context.WithCancel(context.Background())
	r.running.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			if conn, err := net.Dial("unix", path); err == nil {
				r.serve(conn)
			}
			<-tick.C
		}
	})
	t.Cleanup(func() {
		cancel()
		r.cut()
		r.running.Wait()
	})
	return r
}

func (r *receiver) serve(conn net.Conn) {
	r.locked(func() { r.conns = append(r.conns, conn) })
	defer func() {
		conn.Close()
		r.locked(func() {
			r.conns = slices.DeleteFunc(r.conns, func(c net.Conn) bool { return c == conn })
			r.ended++
		})
	}()
	in := bufio.NewReader(conn)
	if r.greeting != nil {
		conn.Write(r.greeting)
		io.Copy(io.Discard, in)
		return
	}
	if _, err := zmtp.Handshake(in, conn, r.role); err != nil {
		return
	}
	for _, data := range r.first {
		conn.Write(data)
	}
	var frames [][]byte
	for {
		r.mu.Lock()
		paused := r.paused
		r.mu.Unlock()
		if paused != nil {
			<-paused
		}
		f, err := zmtp.ReadFrame(in, 64<<20)
		if err != nil {
			return
		}
		if f.Command {
			r.command(conn, f.Body)
			continue
		}
		if frames = append(frames, f.Body); f.More {
			continue
		}
		if !r.take(frames) {
			return
		}
		frames = nil
	}
}

func (r *receiver) command(conn net.Conn, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name, data, _ := zmtp.ParseCommand(body)
	if name != zmtp.Ping {
		r.said = append(r.said, name+" "+string(data))
		return
	}
	if context, err := zmtp.PingContext(data); err == nil && !r.stalled {
		conn.Write(zmtp.AppendCommand(nil, zmtp.Pong, context))
	}
}

// take reports whether the connection stays.
func (r *receiver) take(frames [][]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	body := frames[len(frames)-1]
	id := providertest.ID(body)
	scripted := r.script[id]
	delete(r.script, id)
	if scripted == loseMessage {
		return false
	}
	r.stored = append(r.stored, body)
	if len(frames) > 1 {
		r.topics = append(r.topics, string(frames[0]))
	}
	return scripted != loseAnswer
}

func (r *receiver) locked(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
}

func (r *receiver) on(f fault) func(id string) {
	return func(id string) { r.locked(func() { r.script[id] = f }) }
}

func (r *receiver) received() (all [][]byte) {
	r.locked(func() { all = slices.Clone(r.stored) })
	return all
}

func (r *receiver) stall() (release func()) {
	r.locked(func() { r.stalled = true })
	return func() { r.locked(func() { r.stalled = false }) }
}

// pause stops reading before the next frame.
func (r *receiver) pause() (release func()) {
	paused := make(chan struct{})
	r.locked(func() { r.paused = paused })
	return sync.OnceFunc(func() {
		r.locked(func() { r.paused = nil })
		close(paused)
	})
}

func (r *receiver) cut() {
	r.locked(func() {
		for _, conn := range r.conns {
			conn.Close()
		}
	})
}

func (r *receiver) connections() (n int) {
	r.locked(func() { n = len(r.conns) })
	return n
}

func (r *receiver) gone() (n int) {
	r.locked(func() { n = r.ended })
	return n
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

func bodies(texts ...string) []providers.Message {
	var ms []providers.Message
	for i, text := range texts {
		ms = append(ms, providers.Message{Seq: uint64(i + 1), ID: text, Profile: "p/" + text, Body: []byte(text)})
	}
	return ms
}

func texts(bodies [][]byte) []string {
	var all []string
	for _, b := range bodies {
		all = append(all, string(b))
	}
	return all
}
