package evbus

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Phase is what a destination is doing.
type Phase string

// The phases of a destination.
const (
	// Idle: it has no session and nothing to send.
	Idle Phase = "idle"
	// Connecting: it dials.
	Connecting Phase = "connecting"
	// Connected: it has a session.
	Connected Phase = "connected"
	// Retrying: it waits before the next dial, after a failure.
	Retrying Phase = "retrying"
	// Halted: its dead letters are full, and it waits until some are replayed or discarded.
	Halted Phase = "halted"
	// Stopped: it delivers no more.
	Stopped Phase = "stopped"
)

// status is what a destination knows of itself. The counters only rise.
type status struct {
	delivered, deliveredBytes     atomic.Int64
	retried, uncertain, overtaken atomic.Int64
	dead, dropped, lost, dials    atomic.Int64
	limit                         atomic.Int64 // most messages in a batch after timeouts; 0: as configured
	phase                         atomic.Pointer[Phase]

	mu        sync.Mutex // guards the fields below
	lastErr   error
	lastErrAt time.Time
	down      time.Time // when the first failure since the newest delivery was
	failures  int       // since the newest delivery
	logged    time.Time // when a failure was logged last
	told      bool      // of a failure since the newest delivery
	refusals  int       // permanent, in a row, without a delivery between
	warned    time.Time // when refusals were logged last
	halted    time.Time // when a dead letter that could not be kept was logged last
}

func (s *status) init() { s.set(Idle) }

func (s *status) set(p Phase) { s.phase.Store(&p) }

func (s *status) is(p Phase) bool { return *s.phase.Load() == p }

// logEvery is how often, at most, a fault that repeats is logged.
const logEvery = 30 * time.Second

// due reports whether logEvery has passed since last, and if so moves last to now.
func due(last *time.Time, now time.Time) bool {
	if !last.IsZero() && now.Sub(*last) < logEvery {
		return false
	}
	*last = now
	return true
}

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
	tell := !errors.Is(end.err, errUnburied) && due(&s.logged, now) // buryRefused tells of those
	s.told = s.told || tell
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
	down, failures, told := s.down, s.failures, s.told
	s.down, s.failures, s.refusals, s.told = time.Time{}, 0, 0, false
	s.mu.Unlock()
	if told {
		d.logger.Info("delivering again", "down_for", time.Since(down).Round(time.Millisecond), "failures", failures)
	}
}

// manyRefusals is how many permanent refusals in a row look like a fault of the destination rather than of events.
const manyRefusals = 20

// refused notes n permanent refusals since the newest delivery; err is the last of them.
func (s *status) refused(d *Destination, n int, err error) {
	s.mu.Lock()
	before := s.refusals
	s.refusals += n
	refusals := s.refusals
	tell := before < manyRefusals && refusals >= manyRefusals && due(&s.warned, time.Now())
	s.mu.Unlock()
	if tell {
		d.logger.Warn("many events in a row were refused for good and none delivered: the destination may be set up "+
			"wrongly", "refused", refusals, "error", err)
	}
}

// lettersFull notes that a dead letter could not be kept.
func (s *status) lettersFull(d *Destination, err error) {
	s.mu.Lock()
	now := time.Now()
	s.lastErr, s.lastErrAt = err, now
	tell := due(&s.halted, now)
	s.mu.Unlock()
	if tell {
		d.logger.Error("a dead letter cannot be kept", "error", err, "dead_letters", d.dead.count(),
			"waiting_events", d.Remaining())
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
