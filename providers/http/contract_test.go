package http_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
	"github.com/evhub/evhub/providers/providertest"
)

func TestContract(t *testing.T) {
	for name, order := range map[string]providers.Ordering{"ordered": providers.OrderKey, "concurrent": providers.OrderNone} {
		t.Run(name, func(t *testing.T) {
			providertest.Run(t, func(t *testing.T) providertest.Target { return target(t, order) })
		})
	}
}

func target(t *testing.T, order providers.Ordering) providertest.Target {
	far := newReceiver(t)
	conn := connection(t, func(c *evhttp.Config) { c.URL = far.server.URL })
	dial, err := conn.Open(environment(order))
	if err != nil {
		t.Fatal(err)
	}
	caps := conn.Caps
	if order == providers.OrderNone {
		caps.Order = providers.None
	}
	return providertest.Target{Dial: dial, Caps: caps, Far: providertest.FarEnd{
		Received:    far.received,
		Refuse:      func(id string) { far.script(id, answering(http.StatusUnprocessableEntity)) },
		Fail:        func(id string) { far.script(id, answering(http.StatusServiceUnavailable)) },
		LoseAnswer:  func(id string) { far.script(id, far.storeAndHangUp) },
		LoseMessage: func(id string) { far.script(id, hangUp) },
		Stall:       far.stall,
		Cut:         far.server.CloseClientConnections,
		Connections: far.connections,
	}}
}

// receiver is an endpoint that stores bodies, unless a script for their ID has it do otherwise.
type receiver struct {
	server *httptest.Server

	mu      sync.Mutex // guards the fields below
	scripts map[string]func(w http.ResponseWriter, body []byte)
	stored  [][]byte
	stalled chan struct{} // nil: not stalled
	open    map[net.Conn]bool
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{scripts: make(map[string]func(http.ResponseWriter, []byte)), open: make(map[net.Conn]bool)}
	r.server = httptest.NewUnstartedServer(r)
	r.server.Config.ConnState = r.note
	r.server.Start()
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) note(c net.Conn, state http.ConnState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch state {
	case http.StateNew:
		r.open[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(r.open, c)
	}
}

func (r *receiver) connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	id := request.Header.Get("Idempotency-Key")
	r.mu.Lock()
	act, stalled := r.scripts[id], r.stalled
	delete(r.scripts, id)
	r.mu.Unlock()
	if stalled != nil {
		select {
		case <-stalled:
		case <-request.Context().Done():
			return
		}
	}
	if act != nil {
		act(w, body)
		return
	}
	r.store(body)
}

func (r *receiver) store(body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stored = append(r.stored, body)
}

func (r *receiver) received() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([][]byte(nil), r.stored...)
}

func (r *receiver) script(id string, act func(http.ResponseWriter, []byte)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scripts[id] = act
}

func answering(status int) func(http.ResponseWriter, []byte) {
	return func(w http.ResponseWriter, _ []byte) { w.WriteHeader(status) }
}

func (r *receiver) storeAndHangUp(_ http.ResponseWriter, body []byte) {
	r.store(body)
	hangUp(nil, nil)
}

func hangUp(http.ResponseWriter, []byte) { panic(http.ErrAbortHandler) }

func (r *receiver) stall() (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stalled := make(chan struct{})
	r.stalled = stalled
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stalled = nil
		close(stalled)
	}
}
