//go:build linux

package crash

import (
	"syscall"
	"testing"
	"time"
)

// TestShutdownWhileDestinationsAreDown ends the command with a backlog that nobody takes (T07): it ends within its grace,
// finalises nothing, and the next one delivers everything.
func TestShutdownWhileDestinationsAreDown(t *testing.T) {
	t.Parallel()
	seed, events := seed(t), form(5_000, 100_000, 100_000)
	w := newWorld(t, random(seed, 0), map[string]mood{"steady": down, "rare": down})
	w.flags = nil
	l := w.live("put", "--ack", "--timeout", "0")
	l.feed(random(seed, 1), pace{chunk: 1000, total: events})
	if !eventually(3*time.Minute, func() bool { return w.acked.Load() >= int64(events) }) {
		t.Fatalf("%d of %d events accepted; it said:\n%s", w.acked.Load(), events, l.said)
	}
	start := time.Now()
	l.signal(syscall.SIGTERM)
	l.mustEnd(12*time.Second, 0, 5, 130)
	took := time.Since(start)
	if n := w.station("steady").witness.Distinct(); n > 0 {
		t.Errorf("%d events came to a station that is down", n)
	}
	o := w.finish(allowed{})
	t.Logf("proof: seed %d: ended in %v with %d events that nobody took: %v", seed, took.Round(time.Millisecond), events, o)
}

// TestLongOutage has a destination be down for a while in which the command is also ended and killed (T08): what was
// accepted first comes too.
func TestLongOutage(t *testing.T) {
	t.Parallel()
	seed, start := seed(t), time.Now()
	outage := form(2*time.Second, 15*time.Second, 30*time.Minute)
	w := newWorld(t, random(seed, 0), map[string]mood{"steady": steady, "rare": down})
	for time.Since(start) < outage {
		l := w.live("put", "--ack")
		l.feed(random(w.rng.Uint64(), 0), pace{chunk: 10, gap: form(10*time.Millisecond, 10*time.Millisecond, 100*time.Millisecond)})
		pause(form(500*time.Millisecond, 3*time.Second, 5*time.Minute), l.ended)
		if w.rng.IntN(2) == 0 {
			l.signal(syscall.SIGTERM)
			l.mustEnd(12*time.Second, 0, 4, 5, 130)
		} else {
			l.kill()
		}
	}
	o := w.finish(allowed{duplicates: len(w.lives) * batch * window})
	t.Logf("proof: seed %d: down for %v, %d lives: %v", seed, outage, len(w.lives), o)
}
