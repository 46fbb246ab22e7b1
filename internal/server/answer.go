package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// retryAfter is what a client is told to wait when there is no room.
const retryAfter = time.Second

// answer sends v as JSON.
func (s *Server) answer(w http.ResponseWriter, status int, v any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // all that is sent has an encoding
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(text.Len()))
	h.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.limits.WriteTimeout))
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // a client that is gone does not want it
}

// fail answers a request of which nothing was accepted.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err *requestError) {
	s.refusals.note(r, err.status, err)
	s.answer(w, err.status, map[string]string{"error": err.Error()})
}
