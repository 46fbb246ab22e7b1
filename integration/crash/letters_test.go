//go:build linux

package crash

import (
	"testing"
	"time"
)

// TestReplay has events refused for good, and replays them later (T54): under the same id, byte for byte, while their
// neighbours went on.
func TestReplay(t *testing.T) {
	seed := seed(t)
	w := newWorld(t, random(seed, 0), map[string]mood{"steady": steady, "picky": picky})
	l := w.live("put", "--ack")
	l.feedOnly(400, 5000)
	l.mustEnd(30*time.Second, 4)
	before := w.judge(allowed{})
	if before.letters == 0 {
		t.Fatal("void: nothing was refused")
	}
	w.station("picky").become(steady)
	w.ask("deadletters", "replay", "--all")
	w.drain()
	after := w.letters()["picky"]
	if len(after) > 0 {
		t.Errorf("%d of %d dead letters are left", len(after), before.letters)
	}
	picky := w.station("picky").witness.Verdict()
	if len(picky.Missing)+len(picky.Corrupt)+len(picky.Spurious)+len(picky.Duplicates) > 0 {
		t.Errorf("after the replay: %+v", picky)
	}
	t.Logf("proof: seed %d: %d dead letters replayed", seed, before.letters)
}
