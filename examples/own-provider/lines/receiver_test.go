package lines_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// receiver stores lines, and does to some what the test has scripted.
type receiver struct {
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	stored  [][]byte
	script  map[string]fault // by message ID; each happens once
	stalled bool
	conns   []net.Conn
}

type fault int

const (
	none fault = iota
	refuse
	fail
	loseAnswer
	loseMessage
	confuse // answers for another message, and goes on
)

func newReceiver(t *testing.T) *receiver {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{listener: listener, script: map[string]fault{}}
	r.running.Go(r.accept)
	t.Cleanup(func() {
		listener.Close()
		r.cut()
		r.running.Wait()
	})
	return r
}

func (r *receiver) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		r.conns = append(r.conns, conn)
		r.mu.Unlock()
		r.running.Go(func() {
			r.serve(conn)
			conn.Close()
			r.mu.Lock()
			defer r.mu.Unlock()
			r.conns = slices.DeleteFunc(r.conns, func(c net.Conn) bool { return c == conn })
		})
	}
}

func (r *receiver) serve(conn net.Conn) {
	fmt.Fprintln(conn, "ok")
	for in := bufio.NewScanner(conn); in.Scan(); {
		id, body, _ := strings.Cut(in.Text(), " ")
		answer, hangUp := r.take(id, body)
		fmt.Fprint(conn, answer)
		if hangUp {
			return
		}
	}
}

func (r *receiver) take(id, body string) (answer string, hangUp bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	scripted := r.script[id]
	delete(r.script, id)
	switch scripted {
	case refuse:
		return fmt.Sprintln("refused", id, "as the test wants"), false
	case fail:
		return "busy\n", true
	case loseMessage:
		return "", true
	case confuse:
		return "ok another\n", false
	}
	r.stored = append(r.stored, []byte(body))
	if scripted == loseAnswer {
		return "", true
	}
	if r.stalled {
		return "", false
	}
	return fmt.Sprintln("ok", id), false
}

func (r *receiver) on(f fault) func(id string) {
	return func(id string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.script[id] = f
	}
}

func (r *receiver) received() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.stored)
}

func (r *receiver) stall() (release func()) {
	set := func(stalled bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stalled = stalled
	}
	set(true)
	return func() { set(false) }
}

func (r *receiver) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range r.conns {
		conn.Close()
	}
}

func (r *receiver) connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.conns)
}
