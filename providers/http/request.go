package http

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/evhub/evhub/providers"
)

// post sends one message and returns its outcome.
func (s *session) post(m *providers.Message) error {
	ctx, cancel := context.WithTimeoutCause(s.running, s.client.timeout, errTimeout)
	defer cancel()

	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	body := newBody(m.Body)
	response, err := s.transport.RoundTrip(s.client.request(traced, m, body))
	if err == nil {
		err = s.client.outcome(response, cancel)
	} else {
		err = s.client.unanswered(ctx, err, connected.Load())
	}
	cancel() // a transport that still writes stops now
	body.wait()
	return err
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

// request carries m. It has no GetBody, which keeps the transport from sending it twice.
func (c *client) request(ctx context.Context, m *providers.Message, body *body) *http.Request {
	r := &http.Request{
		Method:     c.method,
		URL:        c.endpoint.url,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     messageHeaders(m, c.headers),
		Body:       http.NoBody,
		Host:       c.headers.Get("Host"),
	}
	if len(m.Body) > 0 {
		r.Body, r.ContentLength = body, int64(len(m.Body))
	}
	return r.WithContext(ctx)
}

// body lends a message's bytes to a transport, which may go on reading after RoundTrip has returned.
type body struct {
	bytes.Reader
	closed chan struct{}
	once   atomic.Bool
}

func newBody(content []byte) *body {
	b := &body{closed: make(chan struct{})}
	b.Reset(content)
	if len(content) == 0 {
		_ = b.Close()
	}
	return b
}

// Close implements io.Closer. A transport calls it when it reads no more.
func (b *body) Close() error {
	if b.once.Swap(true) {
		return errors.New("body is closed already")
	}
	close(b.closed)
	return nil
}

// wait returns once the bytes are no longer read.
func (b *body) wait() { <-b.closed }
