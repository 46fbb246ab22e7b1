package amqp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"github.com/evhub/evhub/providers"
)

// session is one connection with one channel. It ends in up to two steps: refuse, it takes nothing more but what is
// in flight is still settled; and fail, the connection is gone.
type session struct {
	*dialer
	wire *cork
	conn *amqp091.Connection
	ch   *amqp091.Channel
	gate gate

	// limit is the size above which messages are refused without asking the broker; 0: none is known.
	limit int
	// overLimit is the limit that made the broker close the channel, or 0. Valid once dead is closed.
	overLimit int

	returns chan amqp091.Return // room for all that is in flight
	closes  chan *amqp091.Error
	blocks  chan amqp091.Blocking

	// The sender's.
	stamp  *stamp
	queues queues

	// The settler's.
	unclaimed []amqp091.Return

	inFlight atomic.Int64 // published and not yet awaited
	calling  atomic.Int64 // when the call that is under way began, in Unix nanoseconds; 0: none is

	mu      sync.Mutex
	err     error         // the first that ended it
	refused chan struct{} // closed by refuse
	dead    chan struct{} // closed by fail
	watched chan struct{} // closed when watch has ended
}

// dial is the providers.Dial.
func (d *dialer) dial(ctx context.Context) (providers.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, d.dialTimeout)
	defer cancel()
	s, err := d.open(ctx)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w (%w)", err, cause)
		}
		return nil, fmt.Errorf("%s: %w", d.endpoint, err)
	}
	return s, nil
}

func (d *dialer) open(ctx context.Context) (*session, error) {
	wire, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, wire.kill)
	s, err := d.establish(ctx, wire)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		wire.kill()
		<-wire.ended
		return nil, err
	}
	go s.watch()
	return s, nil
}

// establish does all that proves the connection to work.
func (d *dialer) establish(ctx context.Context, wire *cork) (*session, error) {
	conn, err := d.login(wire)
	if err != nil {
		return nil, err
	}
	learned := d.lesson()
	s := &session{
		dialer: d, wire: wire, conn: conn, limit: learned.sizeLimit, stamp: newStamp(d.shape),
		returns: make(chan amqp091.Return, batchMessages*window),
		closes:  make(chan *amqp091.Error, 1),
		blocks:  make(chan amqp091.Blocking, 16),
		refused: make(chan struct{}), dead: make(chan struct{}), watched: make(chan struct{}),
	}
	conn.NotifyBlocked(s.blocks)
	if err := d.checkExchange(conn); err != nil {
		return nil, err
	}
	if learned.blocked {
		if err := s.probe(ctx); err != nil {
			return nil, err
		}
	}
	if s.ch, err = conn.Channel(); err != nil {
		return nil, fmt.Errorf("opening a channel: %w", err)
	}
	if err := s.ch.Confirm(false); err != nil {
		return nil, fmt.Errorf("asking for confirms: %w", err)
	}
	s.ch.NotifyReturn(s.returns)
	s.ch.NotifyClose(s.closes)
	return s, nil
}

// watch waits for what ends the session, and keeps the gate.
func (s *session) watch() {
	defer close(s.watched)
	ticker := time.NewTicker(max(s.timeout/8, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case b, ok := <-s.blocks:
			if !ok {
				s.blocks = nil
				continue
			}
			s.setBlocked(b)
		case err := <-s.closes:
			s.fail(s.closedBy(err))
		case <-ticker.C:
			s.checkStall()
		case <-s.dead:
			return
		}
	}
}

func (s *session) setBlocked(b amqp091.Blocking) {
	if b.Active {
		s.logger.Warn("the broker blocks publishers; waiting until it has room again", "broker", s.endpoint.String(), "reason", b.Reason)
		s.gate.block(b.Reason)
		return
	}
	s.logger.Info("the broker takes messages again", "broker", s.endpoint.String())
	s.gate.unblock()
}

// closedBy returns why the channel closed. A nil err is a close that the client asked for.
func (s *session) closedBy(err *amqp091.Error) error {
	switch {
	case err == nil:
		return errClosed
	case err.Server:
		return fmt.Errorf("the broker closed the channel: %w", err)
	}
	return fmt.Errorf("connection lost: %w", err)
}

// checkStall fails the session if a write or a call takes longer than the timeout.
func (s *session) checkStall() {
	if failure := s.wire.failure(); failure != nil {
		s.fail(fmt.Errorf("connection lost: %w", failure))
		return
	}
	since := s.wire.stalledSince()
	if call := s.calling.Load(); since.IsZero() && call != 0 {
		since = time.Unix(0, call)
	}
	if !since.IsZero() && s.gate.waited(since) > s.timeout {
		s.fail(fmt.Errorf("%w for %v", errStalled, s.timeout))
	}
}

// refuse makes the session take nothing more because of err.
func (s *session) refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = fmt.Errorf("%s: %w", s.endpoint, err)
		close(s.refused)
	}
}

// fail ends the session because of err: what is in flight gets no outcome any more.
func (s *session) fail(err error) {
	s.refuse(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.dead:
		return
	default:
	}
	s.overLimit, _ = sizeLimit(err)
	opens, _ := s.gate.blocked()
	s.learn(lesson{sizeLimit: s.overLimit, blocked: opens != nil})
	close(s.dead)
	s.wire.kill()
}

// cause returns why the session takes nothing more, or nil.
func (s *session) cause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// politeness is the longest that Close waits for the broker's farewell.
const politeness = time.Second

// Close implements providers.Session. It says goodbye only if nothing is in flight and the broker listens.
func (s *session) Close(ctx context.Context) error {
	s.refuse(errClosed)
	if opens, _ := s.gate.blocked(); opens == nil && s.inFlight.Load() == 0 && ctx.Err() == nil {
		s.farewell(ctx)
	}
	s.fail(errClosed)
	<-s.watched
	<-s.wire.ended
	return nil
}

// farewell ends with the kill if the broker does not answer: the client's own deadline for closing is undone by its
// heartbeats.
func (s *session) farewell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, politeness)
	defer cancel()
	stop := context.AfterFunc(ctx, s.wire.kill)
	defer stop()
	_ = s.conn.Close() // the connection is gone either way
}

// Paused implements providers.Pauser: whether the broker blocks publishers.
func (s *session) Paused() bool {
	opens, _ := s.gate.blocked()
	return opens != nil
}
