package zeromq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/zeromq/internal/zmtp"
)

var errNobody = errors.New("nobody subscribes")

const (
	// maxSubscribers bounds the connections to a socket that binds.
	maxSubscribers = 1000
	// handshakeTime is how long a connection may take to become a subscriber.
	handshakeTime = 10 * time.Second
)

// pubSession sends to each subscriber what it has subscribed to. Send writes, and written is delivered.
type pubSession struct {
	config Config
	role   zmtp.Role
	logger *slog.Logger

	open context.Context // ends with the session; its cause is why
	end  context.CancelCauseFunc

	running    sync.WaitGroup // the goroutines of subscribers and listener
	subscribed chan struct{}  // holds one element when there is a first subscription

	mu          sync.Mutex // guards the field below
	subscribers map[*subscriber]struct{}
}

// subscriber is one peer with what it has asked for.
type subscriber struct {
	*peer
	subscriptions
}

func (d *destination) newPubSession() *pubSession {
	s := &pubSession{
		config: d.config, role: d.role(), logger: d.env.Logger,
		subscribed: make(chan struct{}, 1), subscribers: make(map[*subscriber]struct{}),
	}
	s.open, s.end = context.WithCancelCause(context.Background())
	return s
}

// publish connects to a SUB that binds.
func (d *destination) publish(ctx context.Context) (providers.Session, error) {
	conn, err := d.endpoint.dial(ctx)
	if err != nil {
		return nil, err
	}
	p, _, err := greet(ctx, conn, d.role())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.endpoint, err)
	}
	s := d.newPubSession()
	sub := s.add(p)
	s.running.Go(func() { s.serve(sub) })
	return d.live(ctx, s, p.left)
}

// bind waits for SUBs that connect.
func (d *destination) bind(ctx context.Context) (providers.Session, error) {
	listener, err := d.endpoint.listen(ctx)
	if err != nil {
		return nil, err
	}
	s := d.newPubSession()
	context.AfterFunc(s.open, func() { listener.Close() })
	s.running.Go(func() { s.accept(listener) })
	return d.live(ctx, s, nil)
}

// live waits for the first subscription, without which nothing can be delivered. left is closed if that cannot come.
func (d *destination) live(ctx context.Context, s *pubSession, left <-chan struct{}) (providers.Session, error) {
	err := errNobody
	select {
	case <-s.subscribed:
		return s, nil
	case <-left:
		err = fmt.Errorf("%w, and the peer has gone", errNobody)
	case <-s.open.Done():
		err = context.Cause(s.open)
	case <-ctx.Done():
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_ = s.Close(ended)
	return nil, fmt.Errorf("%s: %w; events wait until somebody does", d.endpoint, err)
}

func (s *pubSession) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			s.end(fmt.Errorf("waiting for subscribers: %w", err))
			return
		}
		s.running.Go(func() { s.welcome(conn) })
	}
}

// welcome makes a subscriber of a connection that came in.
func (s *pubSession) welcome(conn net.Conn) {
	ctx, cancel := context.WithTimeout(s.open, handshakeTime)
	defer cancel()
	p, _, err := greet(ctx, conn, s.role)
	if err != nil {
		s.logger.Debug("refused a connection", "from", conn.RemoteAddr().String(), "error", err)
		return
	}
	sub := s.add(p)
	if sub == nil {
		if s.open.Err() == nil {
			s.logger.Warn("refused a subscriber: there are too many", "most", maxSubscribers)
		}
		p.stop(errClosed)
		return
	}
	s.serve(sub)
}

// add returns nil if there is no room or the session has ended.
func (s *pubSession) add(p *peer) *subscriber {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.subscribers) >= maxSubscribers || s.open.Err() != nil {
		return nil
	}
	sub := &subscriber{peer: p}
	s.subscribers[sub] = struct{}{}
	return sub
}

// serve reads what a subscriber says until it has gone.
func (s *pubSession) serve(sub *subscriber) {
	sub.read(func(f zmtp.Frame) error {
		first, err := sub.take(f)
		if first {
			select {
			case s.subscribed <- struct{}{}:
			default:
			}
		}
		return err
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.subscribers, sub)
}

// audience returns the subscribers that have asked for anything.
func (s *pubSession) audience() []*subscriber {
	s.mu.Lock()
	defer s.mu.Unlock()
	var subs []*subscriber
	for sub := range s.subscribers {
		if sub.any() {
			subs = append(subs, sub)
		}
	}
	return subs
}

// Send implements providers.Session.
func (s *pubSession) Send(ctx context.Context, ms []providers.Message) providers.Flight {
	audience := s.audience()
	if len(audience) == 0 {
		s.end(errNobody)
	}
	if err := context.Cause(s.open); err != nil {
		return providers.Done(unsent(err))
	}
	outcomes := make([]error, len(audience)) // nil or a *BatchError
	var writes sync.WaitGroup
	for i, sub := range audience[1:] {
		writes.Go(func() { outcomes[i+1] = s.send(ctx, sub, ms) })
	}
	outcomes[0] = s.send(ctx, audience[0], ms)
	writes.Wait()
	err := worst(outcomes)
	if err != nil {
		s.end(errors.New("the last subscriber has gone"))
	}
	return providers.Done(err)
}

// worst returns nil if anybody has all messages. Otherwise it gives each message the outcome that leaves most open: one
// that may have reached somebody is not unsent.
func worst(outcomes []error) error {
	var all *providers.BatchError
	for _, err := range outcomes {
		batch, failed := errors.AsType[*providers.BatchError](err)
		switch {
		case !failed:
			return nil
		case all == nil:
			all = batch
			continue
		}
		for i, err := range batch.Errs {
			if !providers.IsUnsent(err) {
				all.Errs[i] = err
			}
		}
	}
	return all
}

// send writes to one subscriber what it has asked for. If that cannot be done it is cut off.
func (s *pubSession) send(ctx context.Context, sub *subscriber, ms []providers.Message) error {
	defer sub.stopWith(ctx)()
	var data []byte
	ends := make([]int, len(ms))
	for i := range ms {
		data = s.frames(data, sub, &ms[i])
		ends[i] = len(data)
	}
	if len(data) == 0 {
		return nil
	}
	n, err := sub.write(data)
	if err == nil {
		return nil
	}
	s.logger.Debug("cut a subscriber off", "subscriber", sub.conn.RemoteAddr().String(), "error", err)
	return torn(ends, n, err)
}

// frames appends m if sub has asked for it.
func (s *pubSession) frames(dst []byte, sub *subscriber, m *providers.Message) []byte {
	if s.config.Topic == "" {
		if !sub.match(m.Body) {
			return dst
		}
		return zmtp.AppendMessage(dst, m.Body, false)
	}
	topic := []byte(s.config.topicOf(m))
	if !sub.match(topic) {
		return dst
	}
	return zmtp.AppendMessage(zmtp.AppendMessage(dst, topic, true), m.Body, false)
}

// Close implements providers.Session.
func (s *pubSession) Close(ctx context.Context) error {
	s.end(errClosed)
	s.mu.Lock()
	var farewells sync.WaitGroup
	for sub := range s.subscribers {
		farewells.Go(func() { sub.close(ctx, true) })
	}
	s.mu.Unlock()
	farewells.Wait()
	s.running.Wait()
	return nil
}
