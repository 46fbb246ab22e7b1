package nats

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/evhub/evhub/providers"
)

var (
	errClosed  = errors.New("session is closed")
	errTimeout = errors.New("no answer in time")
)

// session is one connection. It ends, for good, with the first outcome that is neither delivered nor permanent.
type session struct {
	*destination
	wire *wire
	conn *nats.Conn

	stream *publisher // nil without JetStream

	open context.Context // ends with the first failure; its cause is that failure
	stop context.CancelCauseFunc

	gone   chan struct{} // closed when the connection is
	goOnce sync.Once

	duplicates sync.Once // one warning is enough
}

func newSession(d *destination) *session {
	s := &session{destination: d, gone: make(chan struct{})}
	s.open, s.stop = context.WithCancelCause(context.Background())
	return s
}

// connect logs in. The client's own call knows no context: when ctx ends, its connection is cut.
func (s *session) connect(ctx context.Context) error {
	dialling, cancel := context.WithCancel(ctx)
	defer cancel()
	s.wire = &wire{dialling: dialling}
	options, err := s.options(s, s.wire)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, s.wire.cut)()
	if s.conn, err = options.Connect(); err != nil {
		return s.wire.explain(err)
	}
	return nil
}

// prepare gets JetStream ready.
func (s *session) prepare(ctx context.Context) error {
	if !s.config.JetStream {
		return ctx.Err()
	}
	var err error
	if s.stream, err = newPublisher(s.conn, s.refused); err != nil {
		return err
	}
	if s.config.Stream == "" {
		return ctx.Err()
	}
	js, err := jetstream.New(s.conn)
	if err != nil {
		return err
	}
	if _, err := js.Stream(ctx, s.config.Stream); err != nil {
		return fmt.Errorf("stream %s: %w", s.config.Stream, err)
	}
	return nil
}

// abort ends the session and its connection because of err.
func (s *session) abort(err error) {
	s.stop(s.failed(err))
	s.wire.cut()
}

// lost is told that the connection is closed.
func (s *session) lost(err error) {
	if err == nil {
		err = nats.ErrConnectionClosed
	}
	s.stop(s.failed(fmt.Errorf("connection lost: %w", err)))
	s.goOnce.Do(func() { close(s.gone) })
}

// unsent is the outcome of a message that was not handed to the connection.
func (s *session) unsent() error {
	return providers.Unsent(fmt.Errorf("not sent, because the session had ended: %w", context.Cause(s.open)))
}

// Close implements providers.Session.
func (s *session) Close(ctx context.Context) error {
	s.stop(errClosed)
	s.wire.cut() // first: a client that is stuck in a write cannot close
	s.conn.Close()
	select {
	case <-s.gone:
		return nil
	case <-ctx.Done():
		return s.failed(fmt.Errorf("closing: %w", ctx.Err()))
	}
}
