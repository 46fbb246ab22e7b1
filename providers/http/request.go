package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"

	"github.com/evhub/evhub/providers"
)

// parcel is what one request carries.
type parcel struct {
	header  http.Header
	content []byte
}

// post sends one request and returns its outcome.
func (s *session) post(p parcel) error {
	ctx, cancel := s.patience()
	defer cancel()

	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	s.client.signer.sign(p.header, p.content)
	content := &loan{content: p.content}
	defer content.end()
	response, err := s.transport.RoundTrip(s.client.request(traced, p.header, content))
	if err != nil {
		return s.client.unanswered(ctx, err, connected.Load())
	}
	return s.client.outcome(response, cancel)
}

// patience bounds a request. One that carries a batch has as long as its flight: how long that is the engine decides,
// which makes batches smaller where they take too long.
func (s *session) patience() (context.Context, context.CancelFunc) {
	if s.client.batch != noBatch {
		return context.WithCancel(s.running)
	}
	return context.WithTimeoutCause(s.running, s.client.timeout, errTimeout)
}

var errTimeout = errors.New("no answer in time; if the endpoint is this slow, raise timeout in delivery")

// unanswered is the outcome of a request without an answer. It is unknown, unless there was no connection to send it
// over.
func (c *client) unanswered(ctx context.Context, err error, connected bool) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if errors.Is(err, errTimeout) {
		err = fmt.Errorf("%w (%v)", errTimeout, c.timeout)
	}
	if !connected {
		return providers.Unsent(c.failed(fmt.Errorf("no connection: %w", err)))
	}
	return c.failed(err)
}

// request carries content. With GetBody the transport repeats a request that the server surely did not take: none of it was
// written, or HTTP/2 says so. One whose fate is unknown it does not repeat: see idempotencyKey.
func (c *client) request(ctx context.Context, header http.Header, content *loan) *http.Request {
	r := &http.Request{
		Method:     c.method,
		URL:        c.endpoint.url,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     header,
		Body:       http.NoBody,
		Host:       c.headers.Get("Host"),
	}
	if len(content.content) > 0 {
		r.Body, r.ContentLength = content.body(), int64(len(content.content))
		r.GetBody = func() (io.ReadCloser, error) { return content.body(), nil }
	}
	return r.WithContext(ctx)
}

// loan lends a message's bytes to a transport, which may try to read on after RoundTrip has returned, and which reads
// from the start again where the server surely took nothing.
type loan struct {
	mu      sync.Mutex // guards the fields below
	content []byte
	ended   bool
}

var errEnded = errors.New("the request has ended")

// body returns a reader of the bytes.
func (l *loan) body() io.ReadCloser { return &body{loan: l} }

// end takes the bytes back: nothing reads them from now on.
func (l *loan) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.content, l.ended = nil, true
}

// body is one reader of a loan.
type body struct {
	loan *loan
	read int
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.loan.mu.Lock()
	defer b.loan.mu.Unlock()
	switch {
	case b.loan.ended:
		return 0, errEnded
	case b.read == len(b.loan.content):
		return 0, io.EOF
	}
	n := copy(p, b.loan.content[b.read:])
	b.read += n
	return n, nil
}

// Close implements io.Closer.
func (b *body) Close() error { return nil }
