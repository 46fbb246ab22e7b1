// Package faultproxy is a TCP proxy for tests, which stands between a client and a server on this machine
// and does to their connections what networks do: refuses, freezes, delays, slows, tears, cuts, resets and
// loses answers. What it does can be changed at any time.
package faultproxy

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
)

// Proxy forwards the connections made to Addr to its target. All its methods may be called concurrently.
type Proxy struct {
	target  string
	addr    string
	setting atomic.Pointer[setting]
	stats   counters
	wg      sync.WaitGroup // the accept loop and the links

	mu       sync.Mutex // guards the fields below
	listener net.Listener
	links    map[*link]struct{}
	lastID   uint64
	closed   bool
}

// New listens on a free port of the loopback address and forwards to target ("host:port"), which need not be
// up: it is dialled for each connection. Close it.
func New(target string) (*Proxy, error) {
	ln, err := listenLow()
	if err != nil {
		return nil, fmt.Errorf("fault proxy for %s: %w", target, err)
	}
	p := &Proxy{target: target, addr: ln.Addr().String(), links: map[*link]struct{}{}}
	p.setting.Store(newSetting(Faults{}))
	p.serve(ln)
	return p, nil
}

// listenLow finds a port below those that the system gives to outgoing connections, so that nobody takes it
// while the proxy refuses.
func listenLow() (net.Listener, error) {
	for range 50 {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000)))
		if err == nil {
			return ln, nil
		}
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// Addr is where clients connect, "127.0.0.1:port". It stays the same for the life of the proxy.
func (p *Proxy) Addr() string { return p.addr }

// Set puts f in force for new and open connections, in place of what was in force before. It fails only if
// the port was taken by another while it was refused, or after Close.
func (p *Proxy) Set(f Faults) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errors.New("fault proxy is closed")
	}
	old := p.setting.Swap(newSetting(f))
	close(old.changed)
	for l := range p.links {
		if f.Refuse || (l.holed.Load() && !f.DropAnswers) {
			l.end(true)
		}
	}
	if f.Refuse {
		p.refuse()
		return nil
	}
	if p.listener != nil {
		return nil
	}
	ln, err := net.Listen("tcp", p.addr)
	if err != nil {
		return fmt.Errorf("fault proxy for %s takes connections again: %w", p.target, err)
	}
	p.serve(ln)
	return nil
}

// ResetAll ends every open connection with an RST, now and once. New ones follow the Faults in force.
func (p *Proxy) ResetAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.end(true)
	}
}

// Close ends all connections and returns when every goroutine of the proxy has ended.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	p.refuse()
	for l := range p.links {
		l.end(true)
	}
	p.mu.Unlock()
	p.wg.Wait()
	return nil
}

// refuse closes the port. The caller holds mu.
func (p *Proxy) refuse() {
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
}

// serve accepts on ln until it is closed. The caller holds mu, or has the proxy for itself.
func (p *Proxy) serve(ln net.Listener) {
	p.listener = ln
	p.wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			p.admit(conn.(*net.TCPConn))
		}
	})
}

func (p *Proxy) admit(client *net.TCPConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil { // closed or refused between Accept and here
		reset(client)
		return
	}
	p.stats.accepted.Add(1)
	p.lastID++
	l := newLink(p, client, p.lastID)
	p.links[l] = struct{}{}
	p.wg.Go(func() {
		l.run()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.links, l)
	})
}
