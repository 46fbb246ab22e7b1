package faultproxy

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// flow is one direction of a link. Its reader and its writer are goroutines of their own, so that latency
// holds bytes back without keeping later ones from being read.
type flow struct {
	link     *link
	up       bool
	src, dst *net.TCPConn
	passed   *atomic.Int64
	chunks   chan chunk

	seen *setting // the setting that sent and cut belong to
	sent int64    // bytes written under it
	cut  int64    // ends the link when sent reaches it; 0: never
}

type chunk struct {
	data []byte
	came time.Time
}

func (f *flow) read() {
	defer close(f.chunks)
	for f.link.thawed() != nil {
		buf := make([]byte, 16<<10)
		n, err := f.src.Read(buf)
		if n > 0 {
			select {
			case f.chunks <- chunk{buf[:n], time.Now()}:
			case <-f.link.ctx.Done():
				return
			}
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			f.link.end(true) // a reset on one side is passed on to the other
			return
		}
	}
}

func (f *flow) write() {
	for c := range f.chunks {
		if !f.forward(c) {
			return
		}
	}
	if f.link.thawed() != nil {
		_ = f.dst.CloseWrite()
	}
}

// forward writes a chunk under the settings in force. False: the link has ended.
func (f *flow) forward(c chunk) bool {
	due := c.came
	for delayed := (*setting)(nil); len(c.data) > 0; {
		s := f.link.thawed()
		if s == nil {
			return false
		}
		if s.DropAnswers && !f.up {
			f.link.holed.Store(true)
			f.link.proxy.stats.dropped.Add(int64(len(c.data)))
			return true
		}
		if delayed != s {
			delayed, due = s, c.came.Add(s.delay())
		}
		if !f.pause(s, time.Until(due)) {
			continue
		}
		n, ok := f.writePiece(s, c.data)
		if !ok {
			return false
		}
		c.data = c.data[n:]
		f.pause(s, s.pace(n))
	}
	return true
}

// writePiece writes as much as may go at once, and cuts the link where that is due.
func (f *flow) writePiece(s *setting, data []byte) (int, bool) {
	if f.seen != s {
		f.seen, f.sent, f.cut = s, 0, s.limit(f.link.id, f.up)
	}
	n, last := s.piece(len(data)), false
	if f.cut > 0 && f.sent+int64(n) >= f.cut {
		if last = s.mayCut(); last {
			n = int(f.cut - f.sent)
		} else {
			f.cut = 0
		}
	}
	f.passed.Add(int64(n)) // before anybody can have seen the bytes
	written, err := f.dst.Write(data[:n])
	f.sent += int64(written)
	f.passed.Add(int64(written - n))
	switch {
	case err != nil:
		f.link.end(true)
		return written, false
	case last:
		f.link.proxy.stats.cuts.Add(1)
		f.link.end(s.Reset)
		return written, false
	}
	return written, true
}

// pause waits for d. False: the setting changed or the link ended first.
func (f *flow) pause(s *setting, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.changed:
	case <-f.link.ctx.Done():
	}
	return false
}
