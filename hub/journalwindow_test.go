package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// Whatever part of a backlog fits into memory, each event comes once and in order.
func TestWindowBoundaries(t *testing.T) {
	for _, memory := range []int{0, 1, 130, 131, 1000, 100_000} {
		t.Run(fmt.Sprint(memory), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				bs := healthy("a")
				r := openOn(t, crashfs.New(1), bs, fmt.Sprintf(`fake: {p: {address: a, delivery: {memory: %d, batch: 3, window: 2}}}`, memory))
				var want []string
				for round := range 5 {
					release := bs["a"].Stall()
					for i := range 40 {
						e := event(fmt.Sprintf("%d-%d", round, i))
						e.Body = strings.Repeat("x", i*i%500)
						want = append(want, e.ID)
						r.put(e)
						if i == 20 {
							release()
						}
					}
					if round%2 == 0 {
						r.flush()
					}
				}
				r.flush()
				if diff := cmp.Diff(want, bs["a"].IDs()); diff != "" {
					t.Error(diff)
				}
				if s := r.stats("a"); s.BacklogEvents != 0 || s.BacklogBytes != 0 || !s.Oldest.IsZero() {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// How old the oldest is that waits is known wherever it waits.
func TestTheOldestThatWaits(t *testing.T) {
	for _, memory := range []string{"0", "300", "4MiB"} {
		bubble(t, func(t *testing.T) {
			fs, bs := crashfs.New(1), healthy("a")
			layout := fmt.Sprintf(`fake: {p: {address: a, delivery: {memory: %s}}}`, memory)
			bs["a"].Script(dead(errDown))
			r := openOn(t, fs, bs, layout)
			start := time.Now()
			for _, e := range events("e", 10) {
				r.put(e)
				after(time.Minute)
			}
			if got := r.stats("a").Oldest; !got.Equal(start) {
				t.Errorf("memory %s: the oldest is said to be of %v, it is of %v", memory, got, start)
			}
		})
	}
}

// Puts that wait for the disk in the order in which they were made are delivered in that order.
func TestOrderOverGroups(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := &slowDisk{FS: crashfs.New(1)}, healthy("a")
		r := openOn(t, fs, bs, toA)
		r.put(event("first"))
		fs.takes.Store(int64(100 * time.Millisecond))
		want := []string{"first"}
		for i := range 50 {
			e := event(fmt.Sprint(i))
			want = append(want, e.ID)
			if i%3 == 0 {
				r.put(e)
			} else if err := r.PutNowait(e); err != nil {
				t.Fatal(err)
			}
		}
		r.flush()
		if diff := cmp.Diff(want, bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}
