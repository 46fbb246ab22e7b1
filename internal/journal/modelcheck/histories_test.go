package modelcheck

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// figures are what histories came to.
type figures struct {
	histories, puts, acknowledged, unsure, refused int
	kills, cuts, torn, bad, quarantines            int
	duplicates, compactions, rolls, reused, noRoom int
	inPlace                                        int
	damaged, refusals, lost, dropped               int
}

func (f *figures) add(g figures) {
	f.histories++
	f.puts += g.puts
	f.acknowledged += g.acknowledged
	f.unsure += g.unsure
	f.refused += g.refused
	f.kills += g.kills
	f.cuts += g.cuts
	f.torn += g.torn
	f.bad += g.bad
	f.quarantines += g.quarantines
	f.duplicates += g.duplicates
	f.compactions += g.compactions
	f.rolls += g.rolls
	f.reused += g.reused
	f.inPlace += g.inPlace
	f.noRoom += g.noRoom
	f.damaged += g.damaged
	f.refusals += g.refusals
	f.lost += g.lost
	f.dropped += g.dropped
}

func (f *figures) String() string {
	return fmt.Sprintf("%d histories, %d records put, %d acknowledged, %d groups found that were not, %d refused, %d kills, "+
		"%d power cuts, %d torn tails, %d bad frames, %d quarantines, %d duplicates, %d compactions, %d rolls, %d files reused, %d groups written in place, %d times no room; "+
		"%d times damaged, %d records lost by it, %d times refused",
		f.histories, f.puts, f.acknowledged, f.unsure, f.refused, f.kills, f.cuts, f.torn, f.bad, f.quarantines, f.duplicates,
		f.compactions, f.rolls, f.reused, f.inPlace, f.noRoom, f.damaged, f.lost, f.refusals)
}

// game is a kind of history: how it ends, and what must have been seen in many of them.
type game struct {
	name  string
	kinds func() []kind
	start func(*world) // nil: nothing
	end   func(*world)
	short int // how many histories are played in a normal run; full is for EVHUB_PROOF, and ten times that for EVHUB_SOAK
	full  int
	seen  func(f *figures) map[string]int
}

// TestHistories plays random histories, each from a seed. EVHUB_PROOF and EVHUB_SOAK play more; EVHUB_SEED plays that
// one alone, and with EVHUB_HISTORIES so many from there on.
func TestHistories(t *testing.T) {
	game{name: "histories", kinds: kinds, end: (*world).finish, short: 2000, full: 100_000, seen: func(f *figures) map[string]int {
		return map[string]int{
			"a duplicate": f.duplicates, "a torn tail": f.torn, "a compaction": f.compactions, "no room": f.noRoom,
			"a kill": f.kills, "a power cut": f.cuts, "a group that was found though it had failed": f.unsure, "a roll": f.rolls,
			"a drop": f.dropped, "a file that was used again": f.reused, "a group written from where it was encoded": f.inPlace,
		}
	}}.run(t)
}

// TestDamage damages the files at the end of each history.
func TestDamage(t *testing.T) {
	game{name: "damage", kinds: kinds, end: (*world).spoil, short: 1000, full: 20_000, seen: func(f *figures) map[string]int {
		return map[string]int{"a quarantine": f.quarantines, "a bad frame": f.bad, "a lost record": f.lost}
	}}.run(t)
}

// TestLyingDisk has the disk lie about Sync at the end of each history, until a power cut.
func TestLyingDisk(t *testing.T) {
	game{name: "lying disk", kinds: kinds, end: (*world).lie, short: 500, full: 10_000, seen: func(f *figures) map[string]int {
		return map[string]int{"a lost record": f.lost}
	}}.run(t)
}

func (g game) run(t *testing.T) {
	first, n := rand.Uint64N(1<<40), g.short/slowdown
	switch {
	case os.Getenv("EVHUB_SOAK") != "":
		n = 10 * g.full
	case os.Getenv("EVHUB_PROOF") != "":
		n = g.full
	case testing.Short():
		n /= 4
	}
	if os.Getenv("EVHUB_SEED") != "" {
		first, n = number(t, "EVHUB_SEED"), 1
	}
	if os.Getenv("EVHUB_HISTORIES") != "" {
		n = int(number(t, "EVHUB_HISTORIES"))
	}
	all, failed := g.playMany(first, n)
	if failed != nil {
		g.report(t, *failed)
		return
	}
	fmt.Printf("proof: model check, %s: %v; EVHUB_SEED=%d EVHUB_HISTORIES=%d repeats it\n", g.name, &all, first, n)
	for what, count := range g.seen(&all) {
		if count == 0 && n >= g.short/slowdown/4 {
			t.Errorf("%s was never seen: this tests nothing", what)
		}
	}
}

func number(t *testing.T, variable string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(os.Getenv(variable), 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// playMany plays n histories on all processors, and stops at the first that fails.
func (g game) playMany(first uint64, n int) (all figures, failed *uint64) {
	var (
		next  atomic.Uint64
		stop  atomic.Bool
		mu    sync.Mutex
		group sync.WaitGroup
	)
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for !stop.Load() {
				i := next.Add(1) - 1
				if i >= uint64(n) {
					return
				}
				seed := first + i
				f, err := g.playOne(seed, g.history(seed), nil)
				mu.Lock()
				if err != nil && failed == nil {
					failed = &seed
					stop.Store(true)
				}
				all.add(f)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return all, failed
}

// playOne plays a history and returns how it failed.
func (g game) playOne(seed uint64, steps []step, log func(string, ...any)) (f figures, err error) {
	return judged(func() figures { return g.play(seed, steps, log) }, seed)
}

// judged turns what a history panics with into an error.
func judged(play func() figures, seed uint64) (f figures, err error) {
	hang := time.AfterFunc(2*time.Minute, func() { panic(fmt.Sprintf("EVHUB_SEED=%d: this history does not end", seed)) })
	defer hang.Stop()
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			err = fmt.Errorf("%s", p.text)
		default:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return play(), nil
}

// report shows a shorter history that fails too, and how to repeat it.
func (g game) report(t *testing.T, seed uint64) {
	t.Helper()
	steps := shrink(g.history(seed), func(steps []step) bool {
		_, err := g.playOne(seed, steps, nil)
		return err != nil
	})
	var lines strings.Builder
	_, err := g.playOne(seed, steps, func(format string, args ...any) { fmt.Fprintf(&lines, format+"\n", args...) })
	t.Errorf("%v\n\nafter %d steps that are left of a history:\n%s\nEVHUB_SEED=%d go test ./internal/journal/modelcheck -run %s repeats it",
		err, len(steps), lines.String(), seed, t.Name())
}

// shrink leaves steps out as long as what is left fails.
func shrink(steps []step, fails func([]step) bool) []step {
	deadline := time.Now().Add(20 * time.Second)
	for size := max(1, len(steps)/2); ; {
		shorter := false
		for at := 0; at+size <= len(steps) && time.Now().Before(deadline); {
			rest := append(append([]step(nil), steps[:at]...), steps[at+size:]...)
			if fails(rest) {
				steps, shorter = rest, true
			} else {
				at += size
			}
		}
		switch {
		case size > 1:
			size /= 2
		case !shorter:
			return steps
		}
	}
}
