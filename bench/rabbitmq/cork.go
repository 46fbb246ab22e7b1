package rabbitmq

import (
	"net"
	"sync"
)

// cork is a connection whose writes gather while another one is under way.
type cork struct {
	net.Conn

	mu      sync.Mutex // guards the fields below
	wake    *sync.Cond
	pending []byte
	err     error // nothing more can be written
}

func newCork(conn net.Conn) *cork {
	c := &cork{Conn: conn}
	c.wake = sync.NewCond(&c.mu)
	go c.flushAll()
	return c
}

// Write takes p to be written soon.
func (c *cork) Write(p []byte) (int, error) {
	const enough = 256 << 10
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && len(c.pending) > enough {
		c.wake.Wait()
	}
	if c.err != nil {
		return 0, c.err
	}
	c.pending = append(c.pending, p...)
	c.wake.Broadcast()
	return len(p), nil
}

func (c *cork) flushAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var writing []byte
	for {
		for c.err == nil && len(c.pending) == 0 {
			c.wake.Wait()
		}
		if c.err != nil {
			return
		}
		writing, c.pending = c.pending, writing[:0]
		c.wake.Broadcast()
		c.mu.Unlock()
		_, err := c.Conn.Write(writing)
		c.mu.Lock()
		if err != nil && c.err == nil {
			c.err = err
		}
	}
}

// Close closes the connection.
func (c *cork) Close() error {
	c.mu.Lock()
	if c.err == nil {
		c.err = net.ErrClosed
	}
	c.wake.Broadcast()
	c.mu.Unlock()
	return c.Conn.Close()
}
