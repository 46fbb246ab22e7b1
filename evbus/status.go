package evbus

import (
	"sync"
	"sync/atomic"
	"time"
)

// Phase is what a destination is doing.
type Phase string

// The phases of a destination.
const (
	// Idle: it has had nothing to send yet.
	Idle Phase = "idle"
	// Connecting: it dials.
	Connecting Phase = "connecting"
	// Connected: it has a session.
	Connected Phase = "connected"
	// Retrying: it waits before the next dial, after a failure.
	Retrying Phase = "retrying"
	// Stopped: it delivers no more.
	Stopped Phase = "stopped"
)

// status is what a destination knows of itself. The counters only rise.
type status struct {
	delivered, deliveredBytes     atomic.Int64
	retried, uncertain, overtaken atomic.Int64
	dead, dropped, dials          atomic.Int64
	limit                         atomic.Int64 // most messages in a batch after timeouts; 0: as configured
	phase                         atomic.Pointer[Phase]

	mu        sync.Mutex // guards the fields below
	lastErr   error
	lastErrAt time.Time
	down      time.Time // when the first failure since the newest delivery was
	failures  int       // since the newest delivery
	logged    time.Time // when a failure was logged last
	refusals  int       // permanent, in a row, without a delivery between
}

func (s *status) init() { s.set(Idle) }

func (s *status) set(p Phase) { s.phase.Store(&p) }

// logEvery is how often, at most, a fault that repeats is logged.
const logEvery = 30 * time.Second

// failure notes that a session or a dial of d failed.
func (s *status) failure(d *Destination, end ending) {
	s.retried.Add(int64(end.retried))
	s.uncertain.Add(int64(end.uncertain))
	s.mu.Lock()
	now := time.Now()
	if s.down.IsZero() {
		s.down = now
	}
	s.failures++
	s.lastErr, s.lastErrAt = end.err, now
	tell := s.failures == 1 || now.Sub(s.logged) >= logEvery
	if tell {
		s.logged = now
	}
	failures, down := s.failures, s.down
	s.mu.Unlock()
	if tell {
		d.logger.Warn("delivery failed; it will be tried again", "error", end.err, "failures", failures,
			"down_for", now.Sub(down).Round(time.Millisecond), "waiting_events", d.Remaining())
	}
}

// success notes that n events were delivered.
func (s *status) success(d *Destination, n int, bytes int64) {
	s.delivered.Add(int64(n))
	s.deliveredBytes.Add(bytes)
	s.growBatch(d.config.Load().batch)
	s.mu.Lock()
	down, failures := s.down, s.failures
	s.down, s.failures, s.refusals = time.Time{}, 0, 0
	s.mu.Unlock()
	if failures > 0 {
		d.logger.Info("delivering again", "down_for", time.Since(down).Round(time.Millisecond), "failures", failures)
	}
}

// manyRefusals is how many permanent refusals in a row look like a fault of the destination rather than of events.
const manyRefusals = 20

// refusal notes a permanent refusal.
func (s *status) refusal(d *Destination, err error) {
	s.mu.Lock()
	s.refusals++
	refusals := s.refusals
	s.mu.Unlock()
	if refusals == manyRefusals {
		d.logger.Warn("many events in a row were refused for good and none delivered: the destination may be set up "+
			"wrongly", "refused", refusals, "error", err)
	}
}

// downSince returns when the destination failed first since its newest delivery, and why it did last.
func (s *status) downSince() (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down, s.lastErr
}

// batchLimit is the most messages in the next batch, at most batch. After a timeout it is half of what timed out,
// and doubles with each success: a line too slow for a whole batch then still gets some through.
func (s *status) batchLimit(batch int) int {
	if limit := int(s.limit.Load()); limit > 0 && limit < batch {
		return limit
	}
	return batch
}

func (s *status) shrinkBatch(timedOut int) { s.limit.Store(int64(max(1, timedOut/2))) }

func (s *status) growBatch(batch int) {
	if limit := s.limit.Load(); limit > 0 {
		if limit *= 2; limit >= int64(batch) {
			limit = 0
		}
		s.limit.Store(limit)
	}
}
