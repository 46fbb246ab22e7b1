package demo

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// mode is how a webhook treats its callers.
type mode int

const (
	healthy     mode = iota
	losesAnswer      // takes one event, hangs up without an answer, and is unavailable from then on
	unavailable      // answers 503
)

// webhook is a receiver that can fail.
type webhook struct {
	address string
	server  *http.Server
	ended   chan error

	mu       sync.Mutex // guards the fields below
	mode     mode
	received [][]byte
	ids      []string
	refused  int
}

func startWebhook() (*webhook, error) {
	w := &webhook{address: "127.0.0.1:0"}
	return w, w.start()
}

// start listens, after the first time at the same address again.
func (w *webhook) start() error {
	l, err := net.Listen("tcp", w.address)
	if err != nil {
		return err
	}
	w.address = l.Addr().String()
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: time.Second}
	w.ended = make(chan error, 1)
	go func() { w.ended <- w.server.Serve(l) }()
	return nil
}

// stop hangs up on everybody; what is called then is refused.
func (w *webhook) stop() error {
	if w.server == nil {
		return nil
	}
	err := w.server.Shutdown(context.Background()) // no handler takes long
	if served := <-w.ended; err == nil && !errors.Is(served, http.ErrServerClosed) {
		err = served
	}
	w.server = nil
	return err
}

func (w *webhook) url() string { return "http://" + w.address + "/hook" }

func (w *webhook) set(m mode) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mode = m
}

// counts returns how many events were taken and how many requests refused.
func (w *webhook) counts() (received, refused int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.received), w.refused
}

// ServeHTTP implements http.Handler.
func (w *webhook) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+token {
		answer.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(answer, r.Body, 1<<20))
	if err != nil {
		answer.WriteHeader(http.StatusBadRequest)
		return
	}
	switch w.take(body, r.Header.Get("Idempotency-Key")) {
	case losesAnswer:
		panic(http.ErrAbortHandler)
	case unavailable:
		answer.WriteHeader(http.StatusServiceUnavailable)
	default:
		answer.WriteHeader(http.StatusNoContent)
	}
}

// take stores an event as the mode has it, which it returns.
func (w *webhook) take(body []byte, id string) mode {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.mode
	if m == unavailable {
		w.refused++
		return m
	}
	if m == losesAnswer {
		w.mode = unavailable
	}
	w.received, w.ids = append(w.received, body), append(w.ids, id)
	return m
}
