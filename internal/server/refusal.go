package server

import (
	"fmt"
	"net/http"
)

// requestError is why a request as a whole is not done.
type requestError struct {
	status int
	err    error
}

func (e *requestError) Error() string { return e.err.Error() }
func (e *requestError) Unwrap() error { return e.err }

func refusal(status int, format string, args ...any) *requestError {
	return &requestError{status, fmt.Errorf(format, args...)}
}

func tooLarge(format string, args ...any) *requestError {
	return refusal(http.StatusRequestEntityTooLarge, format, args...)
}
