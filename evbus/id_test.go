package evbus

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// Ids rise and are unique whatever the clock does (T58).
func TestIDsRiseThroughClockJumps(t *testing.T) {
	s := newIDSource()
	now := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	last := ""
	for _, jump := range []time.Duration{0, 0, time.Millisecond, -time.Hour, time.Hour, 365 * 24 * time.Hour, -2 * 365 * 24 * time.Hour, 0} {
		now = now.Add(jump)
		for range 5000 { // more than the counter of one millisecond holds
			id := string(s.append(nil, now))
			if id <= last {
				t.Fatalf("after a jump of %v: %s after %s", jump, id, last)
			}
			last = id
		}
	}
}

func TestIDsAreUUIDv7OfTheirTime(t *testing.T) {
	now := time.Date(2024, 2, 3, 4, 5, 6, 789e6, time.UTC)
	id, err := uuid.Parse(string(newIDSource().append(nil, now)))
	if err != nil || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
		t.Fatalf("%v, %v", id, err)
	}
	var ms int64
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	if got := time.UnixMilli(ms); !got.Equal(now) {
		t.Errorf("made at %v, says %v", now, got)
	}
}

func TestIDsAreUniqueAcrossGoroutinesAndSources(t *testing.T) {
	var mu sync.Mutex
	var all []string
	var wg sync.WaitGroup
	shared := newIDSource()
	for i := range 4 {
		s := shared
		if i > 1 {
			s = newIDSource()
		}
		wg.Go(func() {
			var ids []string
			for range 1000 {
				ids = append(ids, string(s.append(nil, time.Unix(0, 0))))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, ids...)
		})
	}
	wg.Wait()
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 4000 {
		t.Errorf("%d unique ids of 4000", n)
	}
}
