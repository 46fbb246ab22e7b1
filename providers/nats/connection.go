package nats

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/evhub/evhub/providers"
)

// destination is a checked configuration: what all sessions of one destination share. It is immutable.
type destination struct {
	config  Config
	env     providers.Env
	address string
	auth    nats.Option
}

// pingInterval is how often an idle connection is tried; after three silent ones it is given up.
const pingInterval = 20 * time.Second

// dial returns a session that is logged in and, with a stream given, has seen that it exists.
func (d *destination) dial(ctx context.Context) (providers.Session, error) {
	s := newSession(d)
	if err := s.connect(ctx); err != nil {
		return nil, d.failed(err)
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.Close(ctx)
		return nil, d.failed(err)
	}
	return s, nil
}

// failed says what err happened to.
func (d *destination) failed(err error) error { return fmt.Errorf("%s: %w", d.address, err) }

// options are the client's. It never reconnects, for a session that has lost its connection is over.
func (d *destination) options(s *session, wire nats.CustomDialer) (nats.Options, error) {
	o := nats.GetDefaultOptions()
	o.Name = "evhub " + d.env.Destination
	o.AllowReconnect = false
	o.SkipHostLookup = true // the dialer resolves names, and stops when told to
	o.CustomDialer = wire
	o.Timeout = d.env.Timeout
	o.FlusherTimeout = d.env.Timeout
	o.PingInterval = pingInterval
	o.AsyncErrorCB = func(_ *nats.Conn, _ *nats.Subscription, err error) { s.abort(err) }
	o.ClosedCB = func(c *nats.Conn) { s.lost(c.LastError()) }
	for _, server := range d.config.Servers {
		u, err := parseServer(server)
		if err != nil {
			return o, err
		}
		o.Servers = append(o.Servers, u.String())
	}
	if d.auth != nil {
		if err := d.auth(&o); err != nil {
			return o, err
		}
	}
	if d.config.wantsTLS() {
		tlsConfig, err := d.config.TLS.Config()
		if err != nil {
			return o, err
		}
		o.Secure, o.TLSConfig = true, tlsConfig
	}
	return o, nil
}

// wire dials for the client and keeps the connection at hand, so that one that is stuck in a write can be cut.
type wire struct {
	dialling context.Context // bounds Dial, whose signature has no room for it

	mu      sync.Mutex // guards the fields below
	conn    net.Conn
	lastErr error
}

// Dial implements nats.CustomDialer.
func (w *wire) Dial(network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(w.dialling, network, address)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn, w.lastErr = conn, err
	return conn, err
}

// cut closes the connection under the client's feet.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		w.conn.Close()
	}
}

// explain adds what Dial saw to the client's error, which hides a refused connection.
func (w *wire) explain(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lastErr != nil && !errors.Is(err, w.lastErr) {
		return fmt.Errorf("%w: %w", err, w.lastErr)
	}
	return err
}
