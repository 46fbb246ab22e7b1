//go:build linux

package crash

import (
	"testing"
	"time"
)

// fullDisk has events put until the disk is full, and returns the life that waits for room.
func fullDisk(t *testing.T, w *world) *life {
	t.Helper()
	l := w.live("put", "--ack", "--timeout", "0")
	l.feed(random(w.rng.Uint64(), 0), pace{chunk: 50, gap: time.Millisecond, big: 20_000})
	if !w.stalls(500*time.Millisecond, time.Minute) {
		t.Fatal("the disk does not get full")
	}
	select {
	case <-l.ended:
		t.Fatalf("it ended on a full disk, with code %d; it said:\n%s", l.code, l.said)
	default:
	}
	return l
}

// goesOn checks that events are accepted again within a second, by the same process.
func (w *world) goesOn(l *life, limit time.Duration) {
	w.t.Helper()
	before, start := w.acked.Load(), time.Now()
	if !eventually(30*time.Second, func() bool { return w.acked.Load() > before }) {
		w.t.Fatalf("there is room again, and nothing is accepted; it said:\n%s", l.said)
	}
	took := time.Since(start)
	w.t.Logf("accepts again %v after there was room", took.Round(time.Millisecond))
	if took > limit {
		w.t.Errorf("accepts again only after %v, want %v", took, limit)
	}
}

// TestDiskFull fills the disk with something else, then with a backlog (T18, T19): events wait, deliveries go on, and with
// room again it accepts within a second, without a restart. It is also killed while full.
func TestDiskFull(t *testing.T) {
	seed := seed(t)
	for name, mount := range map[string]func(t *testing.T) *filesystem{
		"tmpfs": func(t *testing.T) *filesystem { return tmpfs(t, "8m") },
		"ext4":  func(t *testing.T) *filesystem { return ext4(t, 16) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fs := mount(t)
			w := newWorld(t, random(seed, 0), map[string]mood{"steady": steady, "picky": picky, "rare": down})
			fs.inside(w)
			empty := fs.fill(1 << 20)
			l := fullDisk(t, w)
			if !eventually(20*time.Second, func() bool { return w.behind() == 0 }) {
				t.Errorf("the disk is full, and deliveries do not go on: %d behind; it said:\n%s", w.behind(), l.said)
			}
			empty()
			w.goesOn(l, 2*time.Second)

			if !w.stalls(500*time.Millisecond, time.Minute) { // now with what waits for the one that is down
				t.Fatal("the disk does not get full")
			}
			w.calm()
			w.goesOn(l, 3*time.Second)

			w.station("rare").become(down)
			if !w.stalls(500*time.Millisecond, time.Minute) {
				t.Fatal("the disk does not get full")
			}
			l.kill()
			l = w.live("put", "--ack", "--timeout", "0") // starts on a full disk
			l.feed(random(w.rng.Uint64(), 0), pace{chunk: 50, gap: time.Millisecond, ahead: 500})
			pause(500*time.Millisecond, l.ended)
			w.calm()
			w.goesOn(l, 3*time.Second)
			l.kill()
			o := w.finish(allowed{duplicates: 3 * batch * window})
			t.Logf("proof: seed %d: disk full three times, a kill: %v", seed, o)
		})
	}
}
