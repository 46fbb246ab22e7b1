package faultproxy

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is one client's connection with the one that the proxy made to the target for it.
type link struct {
	proxy *Proxy
	id    uint64
	ctx   context.Context // ends with the link
	stop  context.CancelFunc
	holed atomic.Bool // bytes were thrown away: the stream is of no more use

	mu     sync.Mutex // guards the fields below
	client *net.TCPConn
	target *net.TCPConn // nil until dialled
}

func newLink(p *Proxy, client *net.TCPConn, id uint64) *link {
	ctx, stop := context.WithCancel(context.Background())
	return &link{proxy: p, id: id, ctx: ctx, stop: stop, client: client}
}

// run forwards both ways until both have ended or the link is ended.
func (l *link) run() {
	defer l.end(false)
	if l.thawed() == nil || !l.dial() {
		l.end(true)
		return
	}
	var flows sync.WaitGroup
	for _, f := range []*flow{
		{link: l, up: true, src: l.client, dst: l.target, passed: &l.proxy.stats.up},
		{link: l, up: false, src: l.target, dst: l.client, passed: &l.proxy.stats.down},
	} {
		f.chunks = make(chan chunk, 64)
		flows.Go(f.read)
		flows.Go(f.write)
	}
	flows.Wait()
}

func (l *link) dial() bool {
	d := net.Dialer{Timeout: 5 * time.Second}
	conn, err := d.DialContext(l.ctx, "tcp", l.proxy.target)
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.target = conn.(*net.TCPConn)
	if l.ctx.Err() != nil {
		reset(l.target)
		return false
	}
	return true
}

// thawed returns the setting in force, once it is no blackhole; nil if the link ended first.
func (l *link) thawed() *setting {
	for {
		s := l.proxy.setting.Load()
		if !s.Blackhole {
			return s
		}
		select {
		case <-s.changed:
		case <-l.ctx.Done():
			return nil
		}
	}
}

// end closes both connections, with an RST or a FIN. Only the first call counts.
func (l *link) end(rst bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		return
	}
	l.stop()
	for _, c := range []*net.TCPConn{l.client, l.target} {
		switch {
		case c == nil:
		case rst:
			reset(c)
		default:
			_ = c.Close()
		}
	}
}

func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
