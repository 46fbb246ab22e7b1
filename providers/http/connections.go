package http

import (
	"context"
	"errors"
	"net"
	"sync"
)

var errClosed = errors.New("session is closed")

// connections dials for a transport and keeps track of what it dialled, so that a session can close every connection
// it made: the transport itself only knows how to close the idle ones.
type connections struct {
	socket string // path of the unix socket to dial; empty: what the transport asks for
	dialer net.Dialer

	dialing sync.WaitGroup // rises only under mu while not closed

	mu     sync.Mutex // guards the fields below
	open   map[*connection]struct{}
	closed bool
}

// connection is one entry of connections.
type connection struct {
	net.Conn
	owner *connections
}

// dial connects until ctx or lifetime ends.
func (c *connections) dial(ctx, lifetime context.Context, network, address string) (net.Conn, error) {
	if !c.begin() {
		return nil, errClosed
	}
	defer c.dialing.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(lifetime, cancel)()
	if c.socket != "" {
		network, address = "unix", c.socket
	}
	nc, err := c.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return c.add(nc)
}

func (c *connections) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.dialing.Add(1)
	}
	return !c.closed
}

func (c *connections) add(nc net.Conn) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		nc.Close()
		return nil, errClosed
	}
	conn := &connection{Conn: nc, owner: c}
	c.open[conn] = struct{}{}
	return conn, nil
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.open, c)
	c.owner.mu.Unlock()
	return c.Conn.Close()
}

// close closes every connection and waits for dials on their way, which the end of their lifetime cuts short.
func (c *connections) close() {
	c.mu.Lock()
	c.closed = true
	for conn := range c.open {
		conn.Conn.Close()
	}
	clear(c.open)
	c.mu.Unlock()
	c.dialing.Wait()
}
