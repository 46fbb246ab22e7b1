package hub_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// write is how long the disk of these tests takes, and turn how long a caller to come back.
const write, turn = 10 * time.Millisecond, 100 * time.Microsecond

// onSlowDisk starts a hub whose disk takes its time, and runs the test on virtual time.
func onSlowDisk(t *testing.T, test func(t *testing.T, r *rig, disk *slowDisk)) {
	bubble(t, func(t *testing.T) {
		disk := &slowDisk{FS: crashfs.New(1)}
		r := openOn(t, disk, healthy("a"), toA)
		r.put(event("first"))
		disk.takes.Store(int64(write))
		disk.syncs.Store(0)
		test(t, r, disk)
	})
}

// crowd has callers put so many events each, one after the other.
func crowd(r *rig, callers, events int) {
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for n := range events {
				if err := r.Put(r.t.Context(), event(fmt.Sprintf("%d-%d", i, n))); err != nil {
					r.t.Error(err)
				}
				<-time.After(turn)
			}
		})
	}
	wg.Wait()
}

func TestALoneCallerWaitsForNobody(t *testing.T) {
	onSlowDisk(t, func(t *testing.T, r *rig, _ *slowDisk) {
		start := time.Now()
		crowd(r, 1, 50)
		if took := time.Since(start); took != 50*(write+turn) {
			t.Errorf("50 events took %v", took)
		}
	})
}

// If the first of three callers were alone in a group whenever it is back first, every other write would be for one.
func TestAGroupWaitsForThoseWhoComeBack(t *testing.T) {
	onSlowDisk(t, func(t *testing.T, r *rig, disk *slowDisk) {
		const callers, events = 3, 40
		crowd(r, callers, events)
		if got, most := disk.syncs.Load(), int64(callers*events/2+5); got > most {
			t.Errorf("%d events took %d writes, want at most %d", callers*events, got, most)
		}
	})
}

// Who is left when the others are gone waits for them once, and not long.
func TestACrowdThatHasLeftIsSoonForgotten(t *testing.T) {
	onSlowDisk(t, func(t *testing.T, r *rig, _ *slowDisk) {
		crowd(r, 8, 10)
		start := time.Now()
		crowd(r, 1, 5)
		if took, least := time.Since(start), 5*(write+turn); took > least+time.Millisecond {
			t.Errorf("5 events took %v, want at most %v and 1 ms", took, least)
		}
	})
}

func TestWhatNobodyWaitsForIsWrittenAtOnce(t *testing.T) {
	onSlowDisk(t, func(t *testing.T, r *rig, _ *slowDisk) {
		crowd(r, 8, 10)
		start := time.Now()
		if err := r.PutNowait(event("nowait")); err != nil {
			t.Fatal(err)
		}
		if err := r.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != write {
			t.Errorf("it was on disk after %v", took)
		}
	})
}

// A group waits no longer than a write takes: else a fast disk would be made a slow one.
func TestAGroupWaitsNoLongerThanAWriteTakes(t *testing.T) {
	onSlowDisk(t, func(t *testing.T, r *rig, disk *slowDisk) {
		crowd(r, 8, 10)
		const fast = 50 * time.Microsecond
		disk.takes.Store(int64(fast))
		r.put(event("fast")) // still waits for a slow write's time
		crowd(r, 8, 10)
		start := time.Now()
		r.put(event("last"))
		if took := time.Since(start); took > 2*fast {
			t.Errorf("it took %v", took)
		}
	})
}

// What callers bring is written from where they encoded it, all but the first groups: the sizes that are reckoned with are
// those of what is encoded.
func TestGroupsAreWrittenInPlace(t *testing.T) {
	r := openOn(t, crashfs.New(1), healthy("a"), toA)
	for i := range 20 {
		es := events(fmt.Sprint("all", i), 1+i)
		es[0].Tags, es[0].Key, es[0].RunName = map[string]any{"a": "ü"}, "key", "run"
		if n, err := r.PutAll(t.Context(), es); err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		r.put(event(fmt.Sprint("one", i)))
	}
	if got := hub.InPlace(r.Hub); got < 38 {
		t.Errorf("%d of 40 groups were written in place", got)
	}
}
