//go:build linux

package crash

import (
	"syscall"
	"testing"
	"time"
)

// script is a short run in which everything happens: events of all sizes, small segments that fill up, dead letters,
// a destination that lags so that the log is rewritten, cursors, and an end with a backlog, for which it waits as long as
// patience. It returns the run, which has ended.
func (w *world) script(patience time.Duration) *life {
	w.t.Helper()
	w.flags = []string{"--journal-segment", "8KiB"}
	w.station("rare").become(down)
	l := w.live("put", "--ack", "--timeout", patience.String())
	l.feedOnly(150, 6000)
	if !l.await(30 * time.Second) {
		l.signal(syscall.SIGQUIT)
		l.await(5 * time.Second)
		w.t.Fatalf("no end; it said:\n%s", l.said)
	}
	return l
}

// scripted is a world for script.
func scripted(t *testing.T, seed, stream uint64) *world {
	return newWorld(t, random(seed, stream), map[string]mood{"steady": steady, "picky": picky, "rare": down})
}

// TestCrashAtEveryCall kills the command before every system call that changes the journal, and in the middle of every
// write (T02, T11, T12, T19, T55).
func TestCrashAtEveryCall(t *testing.T) {
	needTracer(t)
	seed, start := seed(t), time.Now()
	w := scripted(t, seed, 0)
	log := w.traced(plan{At: 1 << 30})
	w.script(300*time.Millisecond).check(0, 4, 5)
	calls, kinds := 0, map[string]int{}
	for _, c := range logged(t, log) {
		calls = max(calls, c.number)
		kinds[c.name]++
	}
	t.Logf("%d calls: %v", calls, kinds)
	w.untraced()
	w.finish(allowed{duplicates: batch * window}) // what was in the air when it gave up

	points := newEnumeration(2*calls+20, form(25, 0, 0), random(seed, 1))
	total := points.run(t, func(t *testing.T, k int) (outcome, bool) {
		w := scripted(t, seed, uint64(k))
		w.traced(plan{At: (k + 1) / 2, Effect: effect{Kill: true, Torn: k%2 == 0}})
		l := w.script(300 * time.Millisecond)
		hit := l.code == 128+int(syscall.SIGKILL)
		if !hit {
			l.check(0, 4, 5)
		}
		w.untraced()
		return w.finish(allowed{duplicates: batch * window}), hit
	})
	t.Logf("proof: seed %d: killed at %d of %d points of a run with %d calls, %v, %v", seed, total.hits, len(points.points), calls, total.outcome, time.Since(start).Round(time.Second))
	witnessed.kills.Add(int64(total.hits))
}
