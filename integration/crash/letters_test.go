//go:build linux

package crash

import (
	"syscall"
	"testing"
	"time"
)

// refused is a world with dead letters at the picky station, which takes everything from now on.
func refused(t *testing.T, seed, stream uint64) (w *world, letters int) {
	t.Helper()
	w = newWorld(t, random(seed, stream), map[string]mood{"steady": steady, "picky": picky})
	w.flags = []string{"--journal-segment", "8KiB"}
	l := w.live("put", "--ack")
	l.feedOnly(400, 5000)
	l.mustEnd(30*time.Second, 0, 4)
	letters = w.judge(allowed{}).letters
	if letters == 0 {
		t.Fatal("void: nothing was refused")
	}
	w.station("picky").become(steady)
	return w, letters
}

// TestReplay replays what was refused for good (T54): it comes under the same id, byte for byte, once, and its letters are gone.
func TestReplay(t *testing.T) {
	t.Parallel()
	seed := seed(t)
	w, letters := refused(t, seed, 0)
	w.ask("deadletters", "replay", "--all")
	w.drain()
	w.replayed(0)
	t.Logf("proof: seed %d: %d dead letters replayed", seed, letters)
}

// replayed checks that everything has come to the station that was picky, and that no letter is left.
func (w *world) replayed(duplicates int) {
	w.t.Helper()
	if left := w.letters()["picky"]; len(left) > 0 {
		w.t.Errorf("%d dead letters are left", len(left))
	}
	v := w.station("picky").witness.Verdict()
	v.Inversions = nil // they come behind what was delivered in the meantime
	if err := v.Err(duplicates); err != nil {
		w.t.Error(err)
	}
}

// TestReplayIsKilled kills the replay before each of its calls, and in the middle of each write (T55): each event is
// still a letter, or queued, or both.
func TestReplayIsKilled(t *testing.T) {
	needTracer(t)
	seed := seed(t)
	w, _ := refused(t, seed, 0)
	log := w.traced(plan{At: 1 << 30})
	w.ask("deadletters", "replay", "--all")
	calls := 0
	for _, c := range logged(t, log) {
		calls = max(calls, c.number)
	}
	points := newEnumeration(2*calls+4, form(4, 0, 0), random(seed, 1))
	got := points.run(t, func(t *testing.T, k int) (outcome, bool) {
		w, letters := refused(t, seed, uint64(k))
		w.traced(plan{At: (k + 1) / 2, Effect: effect{Kill: true, Torn: k%2 == 0}})
		_, said, code := w.tell("deadletters", "replay", "--all")
		if code != 0 && code != 128+int(syscall.SIGKILL) {
			t.Errorf("exit code %d: %s", code, said)
		}
		w.untraced()
		w.drain()
		w.ask("deadletters", "replay", "--all") // what the first one did not get to
		w.drain()
		w.replayed(letters)
		return outcome{accepted: int(w.acked.Load()), letters: letters}, code != 0
	})
	t.Logf("proof: seed %d: a replay killed at %d of %d points: %d letters, none lost", seed, got.hits, len(points.points), got.outcome.letters)
}
