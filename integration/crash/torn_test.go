//go:build linux

package crash

import (
	"syscall"
	"testing"
	"time"
)

// TestTornTail kills the command in the middle of writing a large group (T05): what had been acknowledged before comes, and of
// the group itself all or nothing, or its beginning.
func TestTornTail(t *testing.T) {
	needTracer(t)
	seed, start, before := seed(t), time.Now(), witnessed.truncations.Load()
	points := newEnumeration(form(6, 60, 600), 0, nil)
	got := points.run(t, func(t *testing.T, k int) (outcome, bool) {
		w := scripted(t, seed, uint64(k))
		w.traced(plan{Calls: []string{"pwrite64"}, Suffix: ".seg", At: 2 + w.rng.IntN(8), Effect: effect{Kill: true, Torn: true}})
		l := w.live("put", "--ack", "--timeout", "300ms")
		l.feed(random(w.rng.Uint64(), 0), pace{chunk: 60, gap: 5 * time.Millisecond, total: 600, big: 100_000})
		l.await(30 * time.Second)
		hit := l.code == 128+int(syscall.SIGKILL)
		if !hit {
			l.check(0, 4, 5)
		}
		w.untraced()
		return w.finish(allowed{duplicates: batch * window}), hit
	})
	truncations := witnessed.truncations.Load() - before
	if truncations == 0 && !t.Failed() {
		t.Error("void: no tail was torn")
	}
	t.Logf("proof: seed %d: %d kills inside of a write, %d torn tails, %v, %v",
		seed, got.hits, truncations, got.outcome, time.Since(start).Round(time.Second))
}
