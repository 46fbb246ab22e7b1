package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evhub/evhub/providers"
)

const (
	// maxAnswer is how much of an answer's header, and of its body, is read. What is longer costs the connection.
	maxAnswer = 64 << 10
	// maxQuote is how much of a refusal's body an error repeats, in bytes.
	maxQuote = 200
	// answerTime is how long the body may take once the status is known, which has settled the outcome.
	answerTime = time.Second
	// maxRetryAfter is the longest pause an endpoint can ask for.
	maxRetryAfter = time.Hour
)

// outcome reads an answer and classifies it. stop ends the reading.
func (c *client) outcome(r *http.Response, stop context.CancelFunc) error {
	defer time.AfterFunc(answerTime, stop).Stop()
	defer r.Body.Close()
	if r.StatusCode >= 200 && r.StatusCode < 300 {
		// An emptied body lets the connection serve the next request. That it breaks off changes nothing.
		_, _ = io.CopyN(io.Discard, r.Body, maxAnswer)
		return nil
	}
	err := c.failed(errors.New(c.describe(r)))
	if permanent(r.StatusCode) && !c.unfit(r.StatusCode) {
		return providers.Permanent(err)
	}
	if d := retryAfter(r.Header, time.Now()); d > 0 {
		return providers.RetryAfter(err, d)
	}
	return err
}

// permanent reports whether a status condemns this one event. All others speak of the endpoint, its rights or its
// load, and may change: 401, 403, 404, 407, 410 and redirects too.
func permanent(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusNotAcceptable, http.StatusRequestEntityTooLarge,
		http.StatusRequestURITooLong, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
		http.StatusRequestHeaderFieldsTooLarge: // its key, profile or run name is too long for this endpoint
		return true
	}
	return false
}

// unfit reports whether a status condemns batches as such and no event of one: each has the same type, and no header
// speaks of an event.
func (c *client) unfit(status int) bool {
	return c.batch != noBatch &&
		(status == http.StatusUnsupportedMediaType || status == http.StatusRequestHeaderFieldsTooLarge)
}

// describe returns the status and the beginning of the body, with control characters escaped and secrets taken out.
func (c *client) describe(r *http.Response) string {
	status := strconv.Itoa(r.StatusCode)
	if text := http.StatusText(r.StatusCode); text != "" {
		status += " " + text
	}
	if r.StatusCode < 200 { // switching protocols: what follows is no body
		return status
	}
	if to := r.Header.Get("Location"); to != "" && r.StatusCode < 400 {
		to, _, _ = strings.Cut(to, "?")
		return fmt.Sprintf("%s to %s; redirects are not followed: if the endpoint has moved, change url", status, quote(c.redact(to)))
	}
	content, _ := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
	text := c.redact(strings.TrimSpace(string(content)))
	if text == "" {
		return status
	}
	return status + ": " + quote(text)
}

// redact takes the destination's secrets out of what the endpoint said.
func (c *client) redact(text string) string {
	for _, secret := range c.secrets {
		text = strings.ReplaceAll(text, secret, "[secret]")
	}
	return text
}

// quote returns the beginning of text as a Go string literal.
func quote(text string) string {
	if len(text) <= maxQuote {
		return strconv.Quote(text)
	}
	cut := maxQuote
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return strconv.Quote(text[:cut]) + "..."
}

// retryAfter returns the pause that an answer asks for: seconds, or a date that is compared with the answer's own
// clock where it shows one.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, min(at.Sub(now), maxRetryAfter))
}
