package zeromq

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/zeromq/internal/zmtp"
)

// pushSession sends to one PULL. Send writes; with confirm a PING follows each flight, and Wait waits for its PONG.
type pushSession struct {
	peer    *peer
	confirm bool

	asked    atomic.Uint64 // the number of the last PING
	answered atomic.Uint64 // the number of the last PONG
	news     chan struct{} // holds one element when answered has risen
}

func newPushSession(p *peer, confirm bool) *pushSession {
	s := &pushSession{peer: p, confirm: confirm, news: make(chan struct{}, 1)}
	go p.read(s.take)
	return s
}

// take is called with what the peer says.
func (s *pushSession) take(f zmtp.Frame) error {
	if !f.Command {
		return fmt.Errorf("the peer sent a message, which a PULL does not")
	}
	name, data, _ := zmtp.ParseCommand(f.Body) // which the peer could parse
	if name != zmtp.Pong {
		return nil
	}
	if len(data) != pingContext {
		return fmt.Errorf("the peer answers a PING that it did not get")
	}
	n := binary.BigEndian.Uint64(data)
	if n > s.asked.Load() || n < s.answered.Load() {
		return fmt.Errorf("the peer answers a PING that it did not get")
	}
	s.answered.Store(n)
	select {
	case s.news <- struct{}{}:
	default:
	}
	return nil
}

const (
	pingContext = 8  // the size of a PING's number
	pingSize    = 32 // more than a PING has
	maxHead     = 9  // of a frame
)

// Send implements providers.Session.
func (s *pushSession) Send(ctx context.Context, ms []providers.Message) providers.Flight {
	if err := s.peer.ended(); err != nil {
		return providers.Done(unsent(err))
	}
	defer s.peer.stopWith(ctx)()
	size := pingSize
	for i := range ms {
		size += len(ms[i].Body) + maxHead
	}
	data := make([]byte, 0, size)
	ends := make([]int, len(ms)) // where in data each message ends
	for i := range ms {
		data = zmtp.AppendMessage(data, ms[i].Body, false)
		ends[i] = len(data)
	}
	var number uint64
	if s.confirm {
		number = s.asked.Add(1)
		noTTL := []byte{0, 0}
		data = zmtp.AppendCommand(data, zmtp.Ping, noTTL, binary.BigEndian.AppendUint64(nil, number))
	}
	n, err := s.peer.write(data)
	if err != nil {
		return providers.Done(torn(ends, n, err))
	}
	if !s.confirm {
		return providers.Done(nil)
	}
	return &flight{s, number}
}

// unsent is the outcome of what was not sent because the session had ended.
func unsent(err error) error {
	return providers.Unsent(fmt.Errorf("not sent, because the session had ended: %w", err))
}

// torn is the outcome of messages of which n bytes were written: unknown for those that were begun, as the connection is
// broken, and unsent for the rest.
func torn(ends []int, n int, err error) error {
	errs := make([]error, len(ends))
	start := 0
	for i, end := range ends {
		if errs[i] = err; start >= n {
			errs[i] = unsent(err)
		}
		start = end
	}
	return providers.Batch(errs)
}

// Close implements providers.Session.
func (s *pushSession) Close(ctx context.Context) error {
	s.peer.close(ctx, !s.confirm)
	return nil
}

// flight waits for the PONG of its number.
type flight struct {
	session *pushSession
	number  uint64
}

// Wait implements providers.Flight.
func (f *flight) Wait(ctx context.Context) error {
	s := f.session
	for {
		if s.answered.Load() >= f.number {
			return nil
		}
		select {
		case <-s.news:
		case <-s.peer.left: // so that a PONG that came before the end counts
			if s.answered.Load() >= f.number {
				return nil
			}
			return fmt.Errorf("the peer may not have read it: %w", s.peer.ended())
		case <-ctx.Done():
			s.peer.stop(fmt.Errorf("no answer of the peer, which reads too slowly or not at all: %w", ctx.Err()))
			return s.peer.ended()
		}
	}
}
