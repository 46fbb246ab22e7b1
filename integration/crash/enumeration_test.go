//go:build linux

package crash

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// enumeration goes through numbers from 1 on, all or some of them.
type enumeration struct{ points []int }

// newEnumeration has the numbers up to most; some is how many of them are drawn, 0 for all.
func newEnumeration(most, some int, rng *rand.Rand) enumeration {
	var e enumeration
	for k := range most {
		e.points = append(e.points, k+1)
	}
	if some > 0 && some < most {
		rng.Shuffle(most, func(i, j int) { e.points[i], e.points[j] = e.points[j], e.points[i] })
		e.points = e.points[:some]
		slices.Sort(e.points)
	}
	return e
}

// totals is what came of all points.
type totals struct {
	outcome outcome
	hits    int // points at which the fault happened
}

// run tries each point as a subtest, several at a time. try reports whether the fault happened.
func (e enumeration) run(t *testing.T, try func(t *testing.T, k int) (outcome, bool)) (all totals) {
	t.Helper()
	var mu sync.Mutex
	t.Run("points", func(t *testing.T) {
		for _, k := range e.points {
			t.Run(fmt.Sprint(k), func(t *testing.T) {
				t.Parallel()
				o, hit := try(t, k)
				mu.Lock()
				defer mu.Unlock()
				all.outcome.add(o)
				if hit {
					all.hits++
				}
			})
		}
	})
	if all.hits == 0 && !t.Failed() {
		t.Error("void: the fault never happened")
	}
	return all
}
