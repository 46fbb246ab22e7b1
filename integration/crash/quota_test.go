//go:build linux

package crash

import (
	"testing"
	"time"
)

// TestFullBacklogOfOneDestination fills what one destination may have on disk (T20): with a drop policy the others notice
// nothing; what is dropped is counted and does not come, also not after a restart, and what is not comes.
func TestFullBacklogOfOneDestination(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"drop_newest", "drop_oldest"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			fullBacklogOfOneDestination(t, policy)
		})
	}
}

func fullBacklogOfOneDestination(t *testing.T, policy string) {
	seed := seed(t)
	w := newWorld(t, random(seed, 0), map[string]mood{"steady": steady, "rare": down})
	w.station("rare").delivery = ", backlog: 20KiB, on_full: " + policy
	w.configure()
	for range 2 { // the quota holds across a restart
		l := w.live("put", "--ack", "--timeout", "1s")
		l.feed(random(w.rng.Uint64(), 0), pace{chunk: 20, gap: time.Millisecond, ahead: 20, total: 1500})
		l.mustEnd(30*time.Second, 0, 5)
		if l.acked.Load() != 1500 {
			t.Errorf("%d of 1500 events accepted; it said:\n%s", l.acked.Load(), l.said)
		}
	}
	w.calm()
	w.drain()
	if err := w.station("steady").witness.Verdict().Err(0); err != nil {
		t.Error(err)
	}
	rare := w.station("rare").witness.Verdict()
	kept := len(w.station("rare").witness.Seen())
	if kept == 0 || kept > 100 || len(rare.Corrupt)+len(rare.Spurious)+len(rare.Inversions) > 0 {
		t.Errorf("%d events were kept in 20 KiB: %d corrupt, %d spurious, %d inversions",
			kept, len(rare.Corrupt), len(rare.Spurious), len(rare.Inversions))
	}
	t.Logf("proof: seed %d: a full backlog, %s: %d events of %d kept for it, all at the other one", seed, policy, kept, w.acked.Load()/7)
}
