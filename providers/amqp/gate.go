package amqp

import (
	"sync"
	"time"
)

// gate is closed while the broker blocks publishers (connection.blocked, for instance when it is short of memory).
// The zero gate is open.
type gate struct {
	mu     sync.Mutex
	reason string
	opens  chan struct{} // closed when the gate opens; nil: it is open
	opened time.Time     // when it last opened
}

func (g *gate) block(reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reason = reason
	if g.opens == nil {
		g.opens = make(chan struct{})
	}
}

func (g *gate) unblock() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opens != nil {
		close(g.opens)
		g.opens, g.opened = nil, time.Now()
	}
}

// blocked returns nil if the gate is open, else a channel that is closed when it opens, and the broker's reason.
func (g *gate) blocked() (opens <-chan struct{}, reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opens == nil {
		return nil, ""
	}
	return g.opens, g.reason
}

// waited returns how much of the time since start counts against a timeout: none while the gate is closed.
func (g *gate) waited(start time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opens != nil {
		return 0
	}
	if g.opened.After(start) {
		start = g.opened
	}
	return time.Since(start)
}
