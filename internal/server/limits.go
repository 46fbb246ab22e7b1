package server

import (
	"cmp"
	"sync"
	"time"
)

// Limits bound what clients can take up. The zero value of each field is its default.
type Limits struct {
	RequestBytes  int64         // of one body; 16 MiB
	RequestEvents int           // in one body; 10,000
	HeaderBytes   int           // of one request; 64 KiB
	Connections   int           // at the same time, further ones wait; 1024
	Requests      int           // that are read or wait to be accepted at the same time; 256
	TotalBytes    int64         // of their bodies; 256 MiB
	HeaderTimeout time.Duration // until the head of a request is there; 10 s
	ReadTimeout   time.Duration // until its body is there; 1 min
	WriteTimeout  time.Duration // until the client has taken the answer; 30 s
	IdleTimeout   time.Duration // of a connection between requests; 2 min
	ReceiptWait   time.Duration // the most that a client may wait for receipts; 10 min
}

func (l Limits) withDefaults() Limits {
	l.RequestBytes = cmp.Or(l.RequestBytes, 16<<20)
	l.RequestEvents = cmp.Or(l.RequestEvents, 10_000)
	l.HeaderBytes = cmp.Or(l.HeaderBytes, 64<<10)
	l.Connections = cmp.Or(l.Connections, 1024)
	l.Requests = cmp.Or(l.Requests, 256)
	l.TotalBytes = cmp.Or(l.TotalBytes, 256<<20)
	l.HeaderTimeout = cmp.Or(l.HeaderTimeout, 10*time.Second)
	l.ReadTimeout = cmp.Or(l.ReadTimeout, time.Minute)
	l.WriteTimeout = cmp.Or(l.WriteTimeout, 30*time.Second)
	l.IdleTimeout = cmp.Or(l.IdleTimeout, 2*time.Minute)
	l.ReceiptWait = cmp.Or(l.ReceiptWait, 10*time.Minute)
	return l
}

// slots are what requests take up while they are read and put.
type slots struct {
	mu       sync.Mutex
	requests int
	bytes    int64
}

func newSlots(l Limits) *slots { return &slots{requests: l.Requests, bytes: l.TotalBytes} }

// take takes a slot for a body of this many bytes and returns what gives it back, or nil if there is none.
func (s *slots) take(bytes int64) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.requests == 0 || s.bytes < bytes {
		return nil
	}
	s.requests--
	s.bytes -= bytes
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests++
		s.bytes += bytes
	})
}
