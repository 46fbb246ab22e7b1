//go:build linux

package crash

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"
)

// T01, T26, T50, T53, T55: the command is killed at random moments, while it starts, recovers, puts, delivers and ends. Nothing that it
// has acknowledged is lost, and what comes twice is at most what was in the air.
func TestKill9(t *testing.T) {
	kills, lanes := form(10, 520, 20_000), form(1, 2, 2)
	seed, start := seed(t), time.Now()
	var mu sync.Mutex
	var total outcome
	var worst int
	t.Run("lanes", func(t *testing.T) {
		for lane := range lanes {
			t.Run(fmt.Sprint(lane), func(t *testing.T) {
				t.Parallel()
				o, most := killLane(t, random(seed, uint64(lane)), kills/lanes)
				mu.Lock()
				defer mu.Unlock()
				total.add(o)
				worst = max(worst, most)
			})
		}
	})
	if least := form(200, 1000, 1000); total.accepted < least && !t.Failed() {
		t.Errorf("void: %d events accepted, want at least %d", total.accepted, least)
	}
	t.Logf("proof: seed %d: %d kills, %v, at most %d duplicates a kill at one destination (allowed: %d), %v",
		seed, kills, total, worst, batch*window, time.Since(start).Round(time.Second))
}

// killLane lives through so many ends on one journal. It returns also the most duplicates after one of them.
func killLane(t *testing.T, rng *rand.Rand, kills int) (outcome, int) {
	w := newWorld(t, rng, threeStations())
	worst := 0
	tally := w.newTally()
	for killed := 0; killed < kills; {
		l := w.live("put", "--ack")
		l.feed(random(rng.Uint64(), 0), pace{chunk: 30, gap: 10 * time.Millisecond, ahead: 1 + rng.Int64N(3000), big: 20_000})
		if w.end(l) {
			killed++
			witnessed.kills.Add(1)
		}
		worst = max(worst, tally.next())
		if said := l.said.crash(); said != "" {
			t.Fatalf("it crashed: %s", said)
		}
		if t.Failed() {
			t.Fatalf("after %d kills; it said:\n%s", killed, l.said)
		}
	}
	o := w.finish(allowed{duplicates: len(w.lives) * batch * window})
	return o, max(worst, tally.next())
}

// end ends a life in one of many ways, and reports whether it was by SIGKILL.
func (w *world) end(l *life) bool {
	w.t.Helper()
	switch n := w.rng.IntN(100); {
	case n < 20: // while it starts or recovers
		pause(between(w.rng, 0, 80*time.Millisecond), l.ended)
	case n < 45:
		pause(between(w.rng, 80*time.Millisecond, 800*time.Millisecond), l.ended)
	case n < 65: // behind an answer
		s := w.stations[w.rng.IntN(len(w.stations))]
		nth(s.answered, 1+w.rng.IntN(200), l.ended)
	case n < 80: // behind an acknowledgement
		nth(l.acks, 1+w.rng.IntN(300), l.ended)
	case n < 88: // frozen, now and then for longer than the timeouts
		pause(between(w.rng, 30*time.Millisecond, 400*time.Millisecond), l.ended)
		l.signal(syscall.SIGSTOP)
		most := 300 * time.Millisecond
		if w.rng.IntN(10) == 0 {
			most = form(2*stationTimeout, 2*stationTimeout, 40*stationTimeout)
		}
		pause(between(w.rng, 0, most), l.ended)
		l.signal(syscall.SIGCONT)
		pause(between(w.rng, 0, 300*time.Millisecond), l.ended)
	case n < 94: // while it ends by itself
		pause(between(w.rng, 50*time.Millisecond, 500*time.Millisecond), l.ended)
		l.signal(syscall.SIGTERM)
		pause(between(w.rng, 0, 100*time.Millisecond), l.ended)
	default: // not at all
		pause(between(w.rng, 100*time.Millisecond, 500*time.Millisecond), l.ended)
		l.signal(syscall.SIGTERM)
		l.mustEnd(15*time.Second, 0, 4, 5, 130, -int(syscall.SIGTERM)) // the last: asked before it could listen
		return false
	}
	select {
	case <-l.ended:
		if l.code == -int(syscall.SIGTERM) || l.code >= 0 && w.lives[len(w.lives)-1].said.has("interrupted") {
			return false // asked to end before it could listen, or done with it
		}
		w.t.Errorf("it ended by itself, with exit code %d", l.code)
		return false
	default:
	}
	l.kill()
	return true
}

// nth waits for the nth value, for at most two seconds.
func nth(c <-chan struct{}, n int, ended <-chan struct{}) {
	limit := time.After(2 * time.Second)
	for range n {
		select {
		case <-c:
		case <-limit:
			return
		case <-ended:
			return
		}
	}
}

// tally watches the duplicates of each life.
type tally struct {
	world              *world
	duplicates, excuse []int
}

func (w *world) newTally() *tally {
	return &tally{world: w, duplicates: make([]int, len(w.stations)), excuse: make([]int, len(w.stations))}
}

// next checks the duplicates since the last call: only what was in the air at a kill may come again, and what was
// answered ambiguously. It returns the most at one station.
func (y *tally) next() (most int) {
	y.world.t.Helper()
	for i, s := range y.world.stations {
		excuse := int(s.ambiguous.Load())
		all := s.witness.Duplicates()
		fresh, excused := all-y.duplicates[i], excuse-y.excuse[i]
		y.duplicates[i], y.excuse[i] = all, excuse
		if fresh > batch*window+excused+1 { // a store on the border of two lives may count in either
			y.world.t.Errorf("%s: %d duplicates in one life, %d of them excused; at most %d were in the air", s.name, fresh, excused, batch*window)
		}
		most = max(most, fresh-excused)
	}
	return most
}
