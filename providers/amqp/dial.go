package amqp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"sync"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// route says where events go.
type route struct {
	exchange   string
	key        string
	profileKey bool // the routing key is the profile
	retry      bool // what no queue takes is retried, not refused for good
}

// namesQueues reports whether each profile names a queue that has to exist.
func (r route) namesQueues() bool { return r.profileKey && r.exchange == "" }

// dialer opens the sessions of one destination, one after the other.
type dialer struct {
	endpoint   endpoint
	properties amqp091.Table
	logger     *slog.Logger
	route      route
	shape      shape
	// timeout is the longest wait for one answer, dialTimeout the longest for a session.
	timeout, dialTimeout time.Duration

	mu   sync.Mutex
	last lesson
}

// lesson is what a session learned for the next one.
type lesson struct {
	// sizeLimit is the size above which the broker refused a message by closing the channel; 0: none known. It
	// holds for one session, because the broker's limit may have been raised since.
	sizeLimit int
	// blocked: the broker blocked publishers when the session ended.
	blocked bool
}

func (d *dialer) learn(l lesson) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = l
}

func (d *dialer) lesson() lesson {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}

// connect opens TCP and, if asked for, TLS.
func (d *dialer) connect(ctx context.Context) (*cork, error) {
	socket, err := new(net.Dialer).DialContext(ctx, "tcp", d.endpoint.hostPort())
	if err != nil {
		return nil, err
	}
	if !d.endpoint.secure {
		return newCork(socket, socket), nil
	}
	conn, err := d.encrypt(ctx, socket)
	if err != nil {
		_ = socket.Close()
		return nil, fmt.Errorf("tls: %w", err)
	}
	return newCork(conn, socket), nil
}

func (d *dialer) encrypt(ctx context.Context, socket net.Conn) (net.Conn, error) {
	config, err := d.endpoint.tls.Config()
	if err != nil {
		return nil, err
	}
	if config.ServerName == "" {
		config.ServerName = d.endpoint.host
	}
	conn := tls.Client(socket, config)
	return conn, conn.HandshakeContext(ctx)
}

// login makes the AMQP handshake. The client has no deadline of its own for it; killing the cork ends it.
func (d *dialer) login(wire *cork) (*amqp091.Connection, error) {
	password := d.endpoint.password.Reveal()
	conn, err := amqp091.Open(wire, amqp091.Config{
		SASL: []amqp091.Authentication{
			&amqp091.PlainAuth{Username: d.endpoint.login, Password: password},
			&amqp091.AMQPlainAuth{Username: d.endpoint.login, Password: password},
		},
		Vhost:      d.endpoint.virtualHost,
		FrameSize:  maxFrame,
		Heartbeat:  d.endpoint.heartbeat,
		Locale:     "en_US",
		Properties: maps.Clone(d.properties), // the client adds to it
	})
	switch {
	case errors.Is(err, amqp091.ErrCredentials):
		err = fmt.Errorf("the broker hung up during the login of %q; check login and password: %w", d.endpoint.login, err)
	case errors.Is(err, amqp091.ErrVhost):
		err = fmt.Errorf("the broker hung up when asked for virtual host %q: %w", d.endpoint.virtualHost, err)
	}
	return conn, err
}

// maxFrame is the largest frame that is asked for: RabbitMQ's default.
const maxFrame = 128 << 10

// checkExchange looks the exchange up, which declares nothing.
func (d *dialer) checkExchange(conn *amqp091.Connection) error {
	if d.route.exchange == "" {
		return nil
	}
	side, err := conn.Channel()
	if err != nil {
		return err
	}
	err = side.ExchangeDeclarePassive(d.route.exchange, amqp091.ExchangeDirect, false, false, false, false, nil)
	if code(err) == amqp091.NotFound {
		return fmt.Errorf("exchange %q does not exist in virtual host %q; create it: %w", d.route.exchange, d.endpoint.virtualHost, err)
	}
	if err != nil {
		return fmt.Errorf("looking up exchange %q: %w", d.route.exchange, err)
	}
	return side.Close()
}
