//go:build linux

package crash

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// diskFault is one thing that a disk may do, and how often: at each call alone, or at every few from it on.
type diskFault struct {
	name   string
	calls  []string
	effect effect
	then   int // 0: once
	points int // how many calls are tried; 0: each one
}

var (
	writes = []string{"write", "pwrite64", "writev", "pwritev"}
	syncs  = []string{"fsync", "fdatasync"}
	names  = []string{"openat", "renameat", "renameat2", "unlinkat", "mkdirat"}
	sizes  = []string{"ftruncate", "fallocate"}
)

func diskFaults() []diskFault {
	return []diskFault{
		{name: "sync EIO", calls: syncs, effect: failing(syscall.EIO)},
		{name: "sync EIO again and again", calls: syncs, effect: failing(syscall.EIO), then: 3, points: 10},
		{name: "sync ENOSPC", calls: syncs, effect: failing(syscall.ENOSPC), points: 20},
		{name: "sync lies", calls: syncs, effect: effect{Skip: true}, then: 1, points: 2},
		{name: "sync slow", calls: syncs, effect: effect{Delay: 20 * time.Millisecond}, then: 1, points: 2},
		{name: "sync very slow", calls: syncs, effect: effect{Delay: 300 * time.Millisecond}, points: 10},
		{name: "write EIO", calls: writes, effect: failing(syscall.EIO), points: 60},
		{name: "write ENOSPC", calls: writes, effect: failing(syscall.ENOSPC)},
		{name: "write ENOSPC again and again", calls: writes, effect: failing(syscall.ENOSPC), then: 2, points: 20},
		{name: "write EDQUOT", calls: writes, effect: failing(syscall.EDQUOT), points: 40},
		{name: "write EFBIG", calls: writes, effect: failing(syscall.EFBIG), points: 20},
		{name: "write EINTR", calls: writes, effect: failing(syscall.EINTR), points: 20},
		{name: "write short", calls: writes, effect: effect{Short: true}},
		{name: "write short again and again", calls: writes, effect: effect{Short: true}, then: 1, points: 5},
		{name: "size ENOSPC", calls: sizes, effect: failing(syscall.ENOSPC)},
		{name: "size EOPNOTSUPP", calls: sizes, effect: failing(syscall.EOPNOTSUPP), then: 1, points: 5},
		{name: "size EIO", calls: sizes, effect: failing(syscall.EIO)},
		{name: "name EIO", calls: names, effect: failing(syscall.EIO)},
		{name: "name ENOSPC", calls: names, effect: failing(syscall.ENOSPC), points: 40},
		{name: "open EMFILE", calls: names[:1], effect: failing(syscall.EMFILE), points: 20},
	}
}

// TestDiskFaults has each call of a run that changes the journal fail, lie, be late or do half of its work (T09, T10,
// T19, T21). The command goes on by itself, whatever it has acknowledged arrives, and a file that could not be synced is never synced
// again.
func TestDiskFaults(t *testing.T) {
	needTracer(t)
	seed, start := seed(t), time.Now()
	w := scripted(t, seed, 0)
	log := w.traced(plan{At: 1 << 30})
	w.script(time.Second).check(0, 4, 5)
	counts := map[string]int{}
	for _, c := range logged(t, log) {
		counts[c.name]++
	}
	type point struct {
		fault diskFault
		k     int
	}
	var points []point
	for i, fault := range diskFaults() {
		calls := 0
		for _, name := range fault.calls {
			calls += counts[name]
		}
		for _, k := range newEnumeration(calls+2, fault.points, random(seed, uint64(i))).points {
			points = append(points, point{fault, k})
		}
	}
	e := newEnumeration(len(points), form(24, 0, 0), random(seed, 1000))
	got := e.run(t, func(t *testing.T, n int) (outcome, bool) {
		p := points[n-1]
		t.Logf("%s at call %d", p.fault.name, p.k)
		return p.fault.strike(t, p.k, seed, uint64(2000+n))
	})
	t.Logf("proof: seed %d: %d runs with faults of the disk of %d kinds, %v, %v",
		seed, got.hits, len(diskFaults()), got.outcome, time.Since(start).Round(time.Second))
}

// strike runs the script with the fault at call number k, and then a clean run.
func (f diskFault) strike(t *testing.T, k int, seed, stream uint64) (outcome, bool) {
	w := scripted(t, seed, stream)
	log := w.traced(plan{Calls: f.calls, At: k, Then: f.then, Effect: f.effect})
	l := w.script(time.Second)
	l.check(0, 1, 2, 4, 5) // 1, 2: the journal could not be opened
	calls := logged(t, log)
	hit := false
	for _, c := range calls {
		hit = hit || c.injected
	}
	if f.then == 0 && l.code != 1 && l.code != 2 && l.acked.Load() < w.minted.Load() {
		t.Errorf("after one fault %d of %d events were not accepted; it said:\n%s", w.minted.Load()-l.acked.Load(), w.minted.Load(), l.said)
	}
	if (l.code == 1 || l.code == 2) && strings.TrimSpace(l.said.String()) == "" {
		t.Errorf("exit code %d without a word", l.code)
	}
	neverSyncedAgain(t, calls)
	w.untraced()
	o := w.finish(allowed{duplicates: batch * window})
	if t.Failed() {
		t.Logf("it said:\n%s", l.said)
	}
	return o, hit
}

// neverSyncedAgain checks that no descriptor is written or synced after a sync of it has failed.
func neverSyncedAgain(t *testing.T, calls []made) {
	t.Helper()
	failed := map[int]string{} // by descriptor
	for _, c := range calls {
		switch {
		case c.name == "openat" && c.result >= 0:
			delete(failed, int(c.result)) // another file has the number now
		case c.name != "fsync" && c.name != "fdatasync":
		case failed[c.fd] == c.path:
			t.Errorf("%s of %s after one that had failed", c.name, c.path)
			return
		case c.result < 0:
			failed[c.fd] = c.path
		}
	}
}
