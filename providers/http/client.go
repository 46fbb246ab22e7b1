package http

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/evhub/evhub/providers"
)

// client is a checked configuration: what all sessions of a destination share. All but borders is immutable.
type client struct {
	endpoint endpoint
	method   string
	headers  http.Header // of the user and the credentials; on every request
	secrets  []string
	signer   *signer   // nil: bodies are not signed
	outputs  []output  // empty: the body is the event's
	batch    batchForm // how events share a request
	borders  borders
	tls      providers.TLS
	proxy    func(*http.Request) (*url.URL, error)
	lanes    int  // requests in flight at once
	ordered  bool // one flight after the other
	timeout  time.Duration
}

// idleTimeout is shorter than the keep-alive of common servers (five seconds and up): who closes an idle connection
// first never posts into one that the other side is just closing, an outcome that nobody could know.
const idleTimeout = 4 * time.Second

// dial makes one connection the way requests will, through proxy and TLS, to prove that the endpoint is there. No
// request goes over it: there is none that every endpoint takes as a greeting.
func (c *client) dial(ctx context.Context) (providers.Session, error) {
	tlsConfig, err := c.tls.Config()
	if err != nil {
		return nil, c.failed(err)
	}
	s := newSession(c, tlsConfig)
	probe, err := s.transport.NewClientConn(ctx, c.endpoint.url.Scheme, c.endpoint.hostPort())
	if err != nil {
		s.shut()
		return nil, c.failed(err)
	}
	if err := probe.Close(); err != nil {
		s.shut()
		return nil, c.failed(err)
	}
	return s, nil
}

// failed says what err happened to. It takes secrets out of its text: net/http quotes answers that are none, and they may
// repeat what was sent.
func (c *client) failed(err error) error {
	if text := c.redact(err.Error()); text != err.Error() {
		err = &discreet{text, err}
	}
	return fmt.Errorf("%s %s: %w", c.method, c.endpoint.address(), err)
}

// discreet is an error whose own text holds a secret.
type discreet struct {
	text string
	err  error
}

func (d *discreet) Error() string { return d.text }
func (d *discreet) Unwrap() error { return d.err }

func (c *client) transport(lifetime context.Context, conns *connections, tlsConfig *tls.Config) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return conns.dial(ctx, lifetime, network, address)
		},
		Proxy:                  c.proxy,
		TLSClientConfig:        tlsConfig,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    c.lanes,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxAnswer,
		DisableCompression:     true, // the text of a refusal is all that is read
	}
}
