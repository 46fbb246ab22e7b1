package http_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/evhub/evhub/providers/providertest"
)

// receiver is an endpoint that stores bodies, or those of a batch, unless a script for the ID of one has it do otherwise.
type receiver struct {
	server *httptest.Server

	mu      sync.Mutex // guards the fields below
	scripts map[string]script
	stored  [][]byte
	stalled chan struct{} // nil: not stalled
	open    map[net.Conn]bool
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{scripts: make(map[string]script), open: make(map[net.Conn]bool)}
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
	bodies := unpack(request.Header.Get("Content-Type"), body)
	act := r.scriptOf(bodies)
	r.mu.Lock()
	stalled := r.stalled
	r.mu.Unlock()
	if stalled != nil {
		select {
		case <-stalled:
		case <-request.Context().Done():
			return
		}
	}
	if act != nil {
		act(w, bodies)
		return
	}
	r.store(bodies)
}

// unpack returns the bodies of the events in a request.
func unpack(contentType string, body []byte) [][]byte {
	var array []json.RawMessage
	switch {
	case contentType == "application/x-ndjson":
		return slices.DeleteFunc(bytes.Split(body, []byte("\n")), func(line []byte) bool { return len(line) == 0 })
	case json.Unmarshal(body, &array) == nil:
		bodies := make([][]byte, len(array))
		for i, element := range array {
			bodies[i] = element
		}
		return bodies
	}
	// The suite compares bodies as bytes, and those of outputs are spelled as Python does.
	return [][]byte{[]byte(strings.NewReplacer(`": "`, `":"`, `, "pad": null`, ``, `, "`, `,"`).Replace(string(body)))}
}

// scriptOf takes the script of the first of bodies that has one. That of a refusal stays until its event comes alone.
func (r *receiver) scriptOf(bodies [][]byte) script {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, body := range bodies {
		id := providertest.ID(body)
		if act, ok := r.scripts[id]; ok {
			delete(r.scripts, id)
			return act
		}
	}
	return nil
}

func (r *receiver) store(bodies [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stored = append(r.stored, bodies...)
}

// refuse refuses the event with that ID for good, and each batch that it is in.
func (r *receiver) refuse(id string) script {
	return func(w http.ResponseWriter, bodies [][]byte) {
		if len(bodies) > 1 {
			r.script(id, r.refuse(id))
		}
		w.WriteHeader(http.StatusUnprocessableEntity)
	}
}

func (r *receiver) received() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([][]byte(nil), r.stored...)
}

// script answers a request that carries bodies.
type script func(w http.ResponseWriter, bodies [][]byte)

func (r *receiver) script(id string, act script) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scripts[id] = act
}

func answering(status int) script {
	return func(w http.ResponseWriter, _ [][]byte) { w.WriteHeader(status) }
}

func (r *receiver) storeAndHangUp(_ http.ResponseWriter, bodies [][]byte) {
	r.store(bodies)
	hangUp(nil, nil)
}

func hangUp(http.ResponseWriter, [][]byte) { panic(http.ErrAbortHandler) }

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
