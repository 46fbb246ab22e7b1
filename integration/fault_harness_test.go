package integration

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

// form is brief in "make test" and full in "make proof".
func form[T any](brief, full T) T {
	if brokers.Full() {
		return full
	}
	return brief
}

// random is what a test draws from, and says how to have the same again: with EVHUB_SEED. Each stream draws on its own.
func random(t *testing.T, stream uint64) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(seed(t), stream))
}

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

// figures logs the line of numbers that "make proof" shows of a test, even of one that passes.
func figures(t *testing.T, v oracle.Verdict) {
	t.Helper()
	t.Logf("proof: %s: %d accepted, %d delivered, %d lost, %d duplicates, %d out of order", v.Destination, v.Accepted,
		v.Deliveries-len(v.Duplicates), len(v.Missing), len(v.Duplicates), len(v.Inversions))
}

// judge fails the test unless the witness has seen everything, in order, with at most so many duplicates.
func judge(t *testing.T, w *oracle.Witness, duplicates int) {
	t.Helper()
	v := w.Verdict()
	figures(t, v)
	if err := v.Err(duplicates); err != nil {
		t.Error(err)
	}
}

// percentile99 is what 99 of 100 of the durations do not exceed.
func percentile99(ds []time.Duration) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	ds = slices.Clone(ds)
	slices.Sort(ds)
	return ds[len(ds)*99/100]
}
