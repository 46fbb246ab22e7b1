//go:build linux

package crash

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/brokers"
)

// soaking reports whether there are hours, not minutes.
func soaking() bool { return os.Getenv("EVHUB_SOAK") != "" }

// form is brief in "make test", full in "make proof" and long in "make soak".
func form[T any](brief, full, long T) T {
	switch {
	case soaking():
		return long
	case brokers.Full():
		return full
	}
	return brief
}

// soakFor is how long TestSoak lasts: EVHUB_SOAK_FOR, or else what it does in this form.
func soakFor(t *testing.T, usual time.Duration) time.Duration {
	t.Helper()
	text := os.Getenv("EVHUB_SOAK_FOR")
	if text == "" {
		return usual
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("EVHUB_SOAK_FOR: %v", err)
	}
	return d
}

// seed is what all that a test does at random comes from. The same again: EVHUB_SEED.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := rand.Uint64N(1 << 32)
	if text := os.Getenv("EVHUB_SEED"); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("EVHUB_SEED: %v", err)
		}
	}
	t.Logf("EVHUB_SEED=%d repeats it", n)
	return n
}

// random is a stream of its own for each number.
func random(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// between draws a duration.
func between(rng *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(rng.Int64N(int64(most-least)+1))
}

// pause waits for a moment of the fault's choosing, or until stop. It reports whether the whole time has passed.
func pause(d time.Duration, stop <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stop:
		return false
	}
}

// eventually polls until the condition holds, and reports whether it did in time.
func eventually(within time.Duration, condition func() bool) bool {
	deadline := time.After(within)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			return condition()
		}
	}
	return true
}
