package evbus

import (
	"testing"
	"time"
)

func TestBackoffBounds(t *testing.T) {
	for _, r := range []Retry{
		{Min: 100 * time.Millisecond, Max: 30 * time.Second},
		{Min: time.Second, Max: time.Second},
		{Min: 3 * time.Second, Max: 4 * time.Second},
		{Min: 1, Max: 1<<63 - 1},
	} {
		bound := r.Min
		var b backoff
		for n := range 200 {
			for range 10 {
				try := b
				if got := try.next(r, 0); got <= 0 || got > bound {
					t.Fatalf("%+v: wait %d is %v, the bound is %v", r, n, got, bound)
				}
			}
			b.next(r, 0)
			if bound *= 2; bound > r.Max || bound <= 0 {
				bound = r.Max
			}
		}
		if got := b.next(r, r.Max); got < r.Max {
			t.Errorf("%+v: %v is less than the floor", r, got)
		}
		b.reset()
		if got := b.next(r, 0); got > r.Min {
			t.Errorf("%+v: %v after a reset", r, got)
		}
	}
}
