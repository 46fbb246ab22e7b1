//go:build linux

package crash

import (
	"testing"
	"time"
)

// TestDiskTurnsReadOnly has the file system turn read-only under the running command, as ext4 does after an error (T22).
// What was accepted is delivered all the same, further events are not accepted, and nothing crashes.
func TestDiskTurnsReadOnly(t *testing.T) {
	t.Parallel()
	seed := seed(t)
	fs := ext4(t, 64)
	w := newWorld(t, random(seed, 0), map[string]mood{"steady": steady, "moody": moody})
	fs.inside(w)
	l := w.live("put", "--ack", "--timeout", "0")
	l.feed(random(seed, 1), pace{chunk: 50, gap: time.Millisecond})
	if !eventually(20*time.Second, func() bool { return w.acked.Load() > 500 }) {
		t.Fatalf("nothing was accepted; it said:\n%s", l.said)
	}
	fs.do("mount", "-o", "remount,abort", fs.point)
	if !w.stalls(500*time.Millisecond, 20*time.Second) {
		t.Fatal("it accepts events without a disk")
	}
	if !eventually(20*time.Second, func() bool { return w.behind() == 0 }) {
		t.Errorf("what was accepted is not delivered: %d behind; it said:\n%s", w.behind(), l.said)
	}
	if !l.said.has("read-only") && !l.said.has("input/output error") {
		t.Errorf("nothing is said of the disk:\n%s", l.said)
	}
	select {
	case <-l.ended:
		l.check(1, 5)
	default:
	}
	w.judgeWith(nil, allowed{})

	l.kill()
	l = w.live("put", "--ack") // started on the read-only disk: refused
	l.feedOnly(3, 0)
	l.mustEnd(20*time.Second, 1, 2, 5)
	fs.again()
	l = w.live("put", "--ack")
	l.feedOnly(300, 0)
	l.mustEnd(20*time.Second, 0)
	o := w.finish(allowed{duplicates: batch*window + int(w.acked.Load())}) // how far it was could not be stored
	t.Logf("proof: seed %d: disk read-only, then writable again: %v", seed, o)
}
