package amqptest

import (
	"bufio"
	"io"
	"net"
	"sync"
)

// conn is one client.
type conn struct {
	broker *Broker
	socket net.Conn
	in     *bufio.Reader
	number int
	gone   chan struct{} // closed when the socket was closed by us

	sending sync.Mutex
	cutOnce sync.Once

	// Guarded by broker.mu.
	open, publishes, blocked bool
	properties               map[string]any

	// The reader's.
	deaf    bool // a connection.close is out: everything but its answer is ignored
	closing map[uint16]bool
	tags    map[uint16]uint64
	partial map[uint16]*Message
	held    *Message // see Hold
	heldTag uint64
}

func newConn(b *Broker, socket net.Conn, number, cutAfter int) *conn {
	var source io.Reader = socket
	if cutAfter > 0 {
		source = io.LimitReader(socket, int64(cutAfter))
	}
	return &conn{
		broker: b, socket: socket, in: bufio.NewReader(source), number: number, gone: make(chan struct{}),
		closing: map[uint16]bool{}, tags: map[uint16]uint64{}, partial: map[uint16]*Message{},
	}
}

func (c *conn) cut() {
	c.cutOnce.Do(func() {
		close(c.gone)
		if tcp, ok := c.socket.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // reset rather than farewell
		}
		c.socket.Close()
	})
}

// isCut is for what was read before the cut.
func (c *conn) isCut() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// block tells the client to stop. broker.mu is held.
func (c *conn) block(reason string) {
	if !c.blocked {
		c.blocked = true
		c.send(method(connectionBlocked).text(reason).frame(0))
	}
}

// send writes one frame. What cannot be written is found out by the reader.
func (c *conn) send(f frame) {
	c.sending.Lock()
	defer c.sending.Unlock()
	_, _ = c.socket.Write(f.append(nil))
}

func (c *conn) serve() {
	defer c.broker.serving.Done()
	defer func() {
		c.cut()
		c.broker.mu.Lock()
		defer c.broker.mu.Unlock()
		delete(c.broker.conns, c)
	}()
	if _, err := io.ReadFull(c.in, make([]byte, len("AMQP\x00\x00\x09\x01"))); err != nil {
		return
	}
	c.send(method(connectionStart).octet(0).octet(9).longText("").longText("PLAIN AMQPLAIN").longText("en_US").frame(0))
	for {
		f, err := readFrame(c.in)
		if err != nil || c.isCut() || !c.handle(f) {
			return
		}
		if paused := c.broker.pause(c, f.kind == frameHeader); paused != nil {
			select {
			case <-paused:
			case <-c.gone:
				return
			}
		}
	}
}

// handle reports whether to go on.
func (c *conn) handle(f frame) bool {
	switch f.kind {
	case frameMethod:
		return c.handleMethod(f.channel, &fields{f.payload})
	case frameHeader:
		if m := c.partial[f.channel]; m != nil {
			m.readHeader(f.payload)
			c.publishIfWhole(f.channel, m)
		}
	case frameBody:
		if m := c.partial[f.channel]; m != nil {
			m.Body = append(m.Body, f.payload...)
			c.publishIfWhole(f.channel, m)
		}
	}
	return true
}

func (c *conn) publishIfWhole(channel uint16, m *Message) {
	if uint64(len(m.Body)) < m.size {
		return
	}
	delete(c.partial, channel)
	if c.deaf || c.closing[channel] {
		return
	}
	c.tags[channel]++
	c.broker.script(m).do(c, channel, c.tags[channel], m)
}
