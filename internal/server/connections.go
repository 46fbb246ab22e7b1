package server

import (
	"net"
	"sync"
)

// limitedListener has so many connections open at a time; further ones wait in the kernel's queue.
type limitedListener struct {
	net.Listener
	free chan struct{}
}

func limitConns(l net.Listener, most int) net.Listener {
	return &limitedListener{l, make(chan struct{}, most)}
}

// Accept implements net.Listener. Once the server ends its connections do, so that it does not wait for ever.
func (l *limitedListener) Accept() (net.Conn, error) {
	l.free <- struct{}{}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &limitedConn{Conn: conn, release: sync.OnceFunc(func() { <-l.free })}, nil
}

type limitedConn struct {
	net.Conn
	release func()
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
