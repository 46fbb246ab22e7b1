package evbus

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff says how long to wait after a failure: a random part of a bound that doubles with each failure in a row
// (full jitter), so that many clients of a broker that comes back do not arrive together.
type backoff struct {
	failures int
}

// next returns the wait after one more failure, at least floor.
func (b *backoff) next(r Retry, floor time.Duration) time.Duration {
	bound := r.Min
	for range b.failures {
		if bound >= r.Max/2 {
			bound = r.Max
			break
		}
		bound *= 2
	}
	b.failures++
	return max(floor, rand.N(bound)+1)
}

func (b *backoff) reset() { b.failures = 0 }

// pause waits for d, and less if ctx ends or one of the channels is ready. It reports whether d has passed.
func pause(ctx context.Context, d time.Duration, interrupt <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-interrupt:
	case <-ctx.Done():
	}
	return false
}
