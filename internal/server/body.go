package server

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
)

// admitted is a request that has a slot, and what it holds.
type admitted struct {
	media string
	body  []byte
	// release gives the slot back.
	release func()
}

// admit gives r a slot and reads its body, whose media type must be one of those given. The caller has to release.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, media ...string) (*admitted, *requestError) {
	a := &admitted{}
	var no *requestError
	if a.media, no = mediaType(r, media); no != nil {
		return nil, no
	}
	expected := r.ContentLength
	if expected > s.limits.RequestBytes {
		return nil, s.bodyTooLarge()
	}
	if expected < 0 {
		expected = s.limits.RequestBytes
	}
	if a.release = s.slots.take(expected); a.release == nil {
		return nil, refusal(http.StatusServiceUnavailable, "too many requests at the same time: send this one again later")
	}
	if a.body, no = s.readBody(w, r); no != nil {
		a.release()
		return nil, no
	}
	return a, nil
}

func mediaType(r *http.Request, known []string) (string, *requestError) {
	given := r.Header.Get("Content-Type")
	media, parameters, err := mime.ParseMediaType(given)
	charset := strings.ToLower(parameters["charset"])
	switch {
	case err != nil || !slices.Contains(known, media):
		return "", refusal(http.StatusUnsupportedMediaType, "Content-Type must be %s, not %.100q", strings.Join(known, " or "), given)
	case charset != "" && charset != "utf-8":
		return "", refusal(http.StatusUnsupportedMediaType, "the charset must be utf-8, not %.40q", charset)
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return "", refusal(http.StatusUnsupportedMediaType, "Content-Encoding %.40q is not known: send the body as it is", encoding)
	}
	return media, nil
}

func (s *Server) bodyTooLarge() *requestError {
	return tooLarge("the body is larger than %d bytes: send fewer events with each request", s.limits.RequestBytes)
}

// byteOrderMark is what some clients write before everything else.
var byteOrderMark = []byte("\ufeff")

func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *requestError) {
	var body bytes.Buffer
	body.Grow(int(max(r.ContentLength, 0)) + bytes.MinRead)
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, s.limits.RequestBytes))
	_, over := errors.AsType[*http.MaxBytesError](err)
	switch {
	case err == nil:
		return bytes.TrimPrefix(body.Bytes(), byteOrderMark), nil
	case over:
		return nil, s.bodyTooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, refusal(http.StatusRequestTimeout, "the body did not come within %v", s.limits.ReadTimeout)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, refusal(http.StatusBadRequest, "the body ends too early")
	}
	return nil, refusal(http.StatusBadRequest, "the body cannot be read: %w", err)
}
