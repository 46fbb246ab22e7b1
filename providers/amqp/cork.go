package amqp

import (
	"net"
	"sync"
	"time"
)

const (
	// corkChunk is how much a held cork gathers before it writes.
	corkChunk = 64 << 10
	// corkLimit is how much may wait for the socket before a publisher must wait for room.
	corkLimit = 256 << 10
)

// cork is the connection as the client writes to it. The client flushes every frame or two; cork gathers what is
// written while a write is under way, and while it is held, so that many messages leave in one system call.
//
// Write never blocks, so neither a heartbeat nor a farewell gets stuck behind a stalled socket. Publishers keep the
// buffer bounded: they call waitRoom before each message.
type cork struct {
	net.Conn // TLS or TCP: reads, deadlines and addresses
	socket   net.Conn

	mu      sync.Mutex
	pending []byte
	held    bool
	err     error     // why nothing more can be written
	writing time.Time // when the write that is under way began; zero: none is

	wake   chan struct{} // cap 1: there is something to write
	room   chan struct{} // cap 1: pending went below corkLimit
	killed chan struct{}
	ended  chan struct{} // the flusher has ended
}

// newCork starts a cork over conn. socket is the TCP connection below conn, which kill closes: closing TLS could
// block on a stalled socket.
func newCork(conn, socket net.Conn) *cork {
	c := &cork{
		Conn: conn, socket: socket,
		wake: make(chan struct{}, 1), room: make(chan struct{}, 1),
		killed: make(chan struct{}), ended: make(chan struct{}),
	}
	go c.flushAll()
	return c
}

// Write takes all of p or, after a failure, nothing.
func (c *cork) Write(p []byte) (int, error) {
	c.mu.Lock()
	if err := c.err; err != nil {
		c.mu.Unlock()
		return 0, err
	}
	c.pending = append(c.pending, p...)
	flush := !c.held || len(c.pending) >= corkChunk
	c.mu.Unlock()
	if flush {
		signal(c.wake)
	}
	return len(p), nil
}

// hold lets what is written gather until release, or until there is a chunk of it.
func (c *cork) hold() { c.setHeld(true) }

func (c *cork) release() {
	c.setHeld(false)
	signal(c.wake)
}

func (c *cork) setHeld(held bool) {
	c.mu.Lock()
	c.held = held
	c.mu.Unlock()
}

// full reports whether a publisher must wait for room.
func (c *cork) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending) >= corkLimit
}

// stalledSince returns when the write that is under way began, or zero.
func (c *cork) stalledSince() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writing
}

// failure returns why nothing more can be written, or nil.
func (c *cork) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close is called by the client when it is done with the connection.
func (c *cork) Close() error {
	c.kill()
	return nil
}

// kill closes the connection at once, whatever is going on. It may be called more than once.
func (c *cork) kill() {
	c.mu.Lock()
	select {
	case <-c.killed:
	default:
		close(c.killed)
		if c.err == nil {
			c.err = net.ErrClosed
		}
	}
	c.mu.Unlock()
	_ = c.socket.Close()
}

// flushAll writes what gathers until the connection is killed or a write fails. After a failed write the reader is
// left to find out more: the broker may have said why it hung up.
func (c *cork) flushAll() {
	defer close(c.ended)
	var buf []byte
	for {
		select {
		case <-c.wake:
		case <-c.killed:
			return
		}
		for {
			if buf = c.take(buf); len(buf) == 0 {
				break
			}
			if _, err := c.Conn.Write(buf); err != nil {
				c.fail(err)
				return
			}
		}
	}
}

// take exchanges the written buffer for the pending one, which may be empty.
func (c *cork) take(written []byte) []byte {
	if cap(written) > 2*corkLimit {
		written = nil // it grew for one huge message
	}
	c.mu.Lock()
	pending := c.pending
	c.pending = written[:0]
	c.writing = time.Time{}
	if len(pending) > 0 {
		c.writing = time.Now()
	}
	c.mu.Unlock()
	if len(pending) >= corkLimit {
		signal(c.room)
	}
	return pending
}

func (c *cork) fail(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.mu.Unlock()
	signal(c.room)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// roomIf returns the channel that signals room, or nil, on which nothing ever comes.
func (c *cork) roomIf(wanted bool) <-chan struct{} {
	if !wanted {
		return nil
	}
	return c.room
}
