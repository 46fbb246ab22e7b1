package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/segmentio/kafka-go/protocol"
)

var errIdle = errors.New("not used for connections_max_idle_ms")

// conn is a session's connection to one broker, with produce requests in the air.
type conn struct {
	link *link
	node int32

	// Guarded by the session's mu.
	pending  []*request // oldest first
	answered time.Time  // when the last answer came
	gone     bool

	// Belong to whoever holds the session's writing.
	head   []byte
	pieces net.Buffers
}

// request is one produce request.
type request struct {
	conn    *conn
	batches []*batch // at most one for each partition, those of a topic next to each other
	bytes   int
	serial  int32
	written time.Time // zero while it is being written
}

// adopt makes l the session's connection to a broker. The caller holds mu.
func (s *session) adopt(node int32, l *link) {
	if s.over || s.conns[node] != nil {
		l.Close()
		return
	}
	c := &conn{link: l, node: node}
	l.SetDeadline(time.Time{})
	s.conns[node] = c
	s.setReadDeadline(c, time.Now())
	s.tasks.Go(func() { s.read(c) })
}

// setReadDeadline makes the reader look up when the broker owes an answer for too long, or has had nothing to do.
// The caller holds mu.
func (s *session) setReadDeadline(c *conn, now time.Time) {
	idle := time.Duration(s.producer.config.Connection.ConnectionsMaxIdleMS) * time.Millisecond
	switch {
	case len(c.pending) > 0:
		c.link.SetReadDeadline(now.Add(s.producer.timeout))
	case idle > 0:
		c.link.SetReadDeadline(now.Add(idle))
	default:
		c.link.SetReadDeadline(time.Time{})
	}
}

// lose takes a connection out of use. What was in the air on it is not answered.
func (s *session) lose(c *conn, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.gone {
		return
	}
	s.discard(c)
	if len(c.pending) > 0 && !s.over {
		s.producer.env.Logger.Debug("kafka: lost a connection with requests in flight",
			"broker", c.link.address, "requests", len(c.pending), "error", cause)
	}
	if s.producer.config.Connection.Acks == AcksNone && !errors.Is(cause, errIdle) {
		// What was written last may not have arrived, and nobody will tell.
		s.fail(fmt.Errorf("broker %s: %w", c.link.address, cause))
	}
	for _, r := range c.pending {
		for _, b := range r.batches {
			if b.inAir {
				s.note(b, answer{code: lost, cause: fmt.Errorf("broker %s: %w", c.link.address, cause)})
			}
		}
	}
	c.pending = nil
	if len(s.ready) > 0 || s.failure != nil {
		s.poke()
	}
}

// discard closes a connection. The caller holds mu.
func (s *session) discard(c *conn) {
	c.gone = true
	if s.conns[c.node] == c {
		delete(s.conns, c.node)
	}
	c.link.Close()
}

// connOf returns the connection to p's leader, or nil. One whose login is about to expire takes no more requests and
// is closed after its last answer. The caller holds mu.
func (s *session) connOf(p *partition, now time.Time) *conn {
	c := s.conns[p.leader]
	if c == nil || c.link.expires.IsZero() || now.Before(c.link.expires) {
		return c
	}
	if len(c.pending) == 0 {
		s.discard(c)
		s.poke()
	}
	return nil
}

// encode builds the request around its batches.
func (c *conn) encode(r *request, acks Acks, timeout time.Duration) {
	h := append(c.head[:0], 0, 0, 0, 0)
	h = binary.BigEndian.AppendUint16(h, uint16(protocol.Produce))
	h = binary.BigEndian.AppendUint16(h, uint16(c.link.versions[protocol.Produce]))
	h = binary.BigEndian.AppendUint32(h, uint32(r.serial))
	h = appendString(h, c.link.clientID)
	h = append(h, 0xff, 0xff) // no transactional id
	h = binary.BigEndian.AppendUint16(h, uint16(acks))
	h = binary.BigEndian.AppendUint32(h, uint32(timeout.Milliseconds()))
	topics := len(h)
	h = append(h, 0, 0, 0, 0)
	cuts, bodies, inTopic := make([]int, 0, 8), 0, 0
	var last *topic
	for _, b := range r.batches {
		if t := b.part.topic; t != last {
			increment(h[topics:])
			h = appendString(h, t.name)
			inTopic, last = len(h), t
			h = append(h, 0, 0, 0, 0)
		}
		increment(h[inTopic:])
		h = binary.BigEndian.AppendUint32(h, uint32(b.part.number))
		h = binary.BigEndian.AppendUint32(h, uint32(len(b.buf)))
		cuts = append(cuts, len(h))
		bodies += len(b.buf)
	}
	binary.BigEndian.PutUint32(h, uint32(len(h)-4+bodies))
	c.head, c.pieces = h, c.pieces[:0]
	from := 0
	for i, b := range r.batches {
		c.pieces = append(c.pieces, h[from:cuts[i]], b.buf)
		from = cuts[i]
	}
}

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

func increment(b []byte) { binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)+1) }

// write sends what encode built. It gives up when nothing goes out for as long as timeout.
func (c *conn) write(timeout time.Duration) error {
	_, resumable := c.link.Conn.(*net.TCPConn)
	for left := c.pieces; ; {
		c.link.SetWriteDeadline(time.Now().Add(timeout))
		n, err := left.WriteTo(c.link.Conn)
		if err == nil {
			return nil
		}
		if !resumable || n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
}
