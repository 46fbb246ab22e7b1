// Package mockapi is an API endpoint for trying things out: it takes posts under Basic authentication, keeps and shows the
// last of them, and fails or dawdles if it is asked to.
package mockapi

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// maxBody is the most of a body that is taken, in bytes.
const maxBody = 1 << 20

// Options say how a Server behaves.
type Options struct {
	// Username and Password are wanted of each request, unless both are empty.
	Username, Password string
	// Fail is the status of simulated failures; 0: there are none.
	Fail int
	// Rate is the share of posts that fail: 0 to 1.
	Rate float64
	// Seed makes the choice of those that fail repeatable.
	Seed uint64
	// Delay is how long each post waits for its answer.
	Delay time.Duration
	// Keep is how many posts are kept: the newest.
	Keep int
	// Show is called with each post when its outcome is known, by one goroutine at a time. Nil: nobody looks.
	Show func(Post)
}

// Server is the endpoint. It is safe for concurrent use.
type Server struct {
	options Options

	mu     sync.Mutex // guards the fields below, and the calls of Show
	random *rand.Rand
	store  store
}

// New returns a Server.
func New(o Options) *Server {
	return &Server{options: o, random: rand.New(rand.NewPCG(o.Seed, 0)), store: store{most: o.Keep}} //nolint:gosec // a repeatable choice is wanted
}

// Counts are the posts so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.counts
}

// ServeHTTP implements http.Handler: POST, PUT and PATCH of any path are taken, and GET of any path lists what was.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		s.take(w, r)
	case http.MethodGet:
		if !s.authorized(r) {
			refuse(w, http.StatusUnauthorized)
			return
		}
		s.list(w)
	default:
		w.Header().Set("Allow", "GET, POST, PUT, PATCH")
		refuse(w, http.StatusMethodNotAllowed)
	}
}

func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	tooLarge, _ := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge != nil:
		s.settle(w, newPost(r, nil), http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		return // who sent it is gone
	}
	status := http.StatusOK
	switch {
	case !s.authorized(r):
		status = http.StatusUnauthorized
	case !wait(r, s.options.Delay):
		return // likewise, or the server ends
	case s.fails():
		status = s.options.Fail
	}
	s.settle(w, newPost(r, body), status)
}

// wait waits for d, and reports whether the answer is still wanted then.
func wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// fails draws whether a post is to fail.
func (s *Server) fails() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options.Fail != 0 && s.random.Float64() < s.options.Rate
}

// settle keeps p if it was taken, shows it, and answers.
func (s *Server) settle(w http.ResponseWriter, p Post, status int) {
	p.Status = status
	s.mu.Lock()
	p = s.store.add(p)
	if s.options.Show != nil {
		s.options.Show(p)
	}
	s.mu.Unlock()
	if status != http.StatusOK {
		refuse(w, status)
		return
	}
	answer(w, status, map[string]int{"n": p.N})
}

func (s *Server) list(w http.ResponseWriter) {
	s.mu.Lock()
	listing := s.store.listing()
	s.mu.Unlock()
	answer(w, http.StatusOK, listing)
}

func refuse(w http.ResponseWriter, status int) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="mock API", charset="UTF-8"`)
	}
	text := http.StatusText(status)
	if text == "" {
		text = "simulated failure"
	}
	answer(w, status, map[string]string{"error": text})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // who asked may be gone
}
