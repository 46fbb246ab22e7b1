package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// What a policy drops is counted and never comes, what it keeps is there after a restart, and the other destination gets
// everything; wherever the backlog is read from.
func TestDropPoliciesOnAJournal(t *testing.T) {
	for _, policy := range []string{"drop_oldest", "drop_newest"} {
		for _, memory := range []string{"0", "500", "4MiB"} {
			t.Run(policy+"/"+memory, func(t *testing.T) {
				bubble(t, func(t *testing.T) { dropsOnAJournal(t, policy, memory) })
			})
		}
	}
}

func dropsOnAJournal(t *testing.T, policy, memory string) {
	fs, bs := crashfs.New(1), healthy("a", "b")
	layout := fmt.Sprintf(`fake: [{p: {address: a, delivery: {backlog: 4KiB, on_full: %s, memory: %s}}}, {p: {address: b}}]`, policy, memory)
	bs["a"].Script(dead(errDown))
	r := openOn(t, fs, bs, layout)
	es := events("e", 300)
	r.put(es[:100]...)
	if n, err := r.PutAll(t.Context(), es[100:]); n != 200 || err != nil {
		t.Fatal(n, err)
	}
	settle()
	s := r.stats("a")
	if s.BacklogEvents < 10 || s.BacklogEvents > 50 || s.BacklogEvents+int(s.Dropped) != 300 {
		t.Errorf("%+v", s)
	}
	if diff := cmp.Diff(map[string]int{"fake:p@a": s.BacklogEvents}, r.kept()); diff != "" {
		t.Error(diff)
	}
	bs["a"].Script(providertest.Script{})
	r = openOn(t, fs, bs, layout)
	r.flush()
	want := ids(es[:s.BacklogEvents])
	if policy == "drop_oldest" {
		want = ids(es[300-s.BacklogEvents:])
	}
	if diff := cmp.Diff(want, bs["a"].IDs()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ids(es), bs["b"].IDs()); diff != "" {
		t.Error(diff)
	}
}

// A destination that gives up makes dead letters of what it reads from disk, too, and they are there after a restart.
func TestGiveUpOnAJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a")
		layout := `fake: {p: {address: a, delivery: {memory: 0, batch: 7, retry: {max: 1s, give_up: 1m}}}}`
		bs["a"].Script(dead(errDown))
		r := openOn(t, fs, bs, layout)
		r.put(events("old", 100)...)
		after(50 * time.Second)
		r.put(events("young", 10)...)
		after(15 * time.Second)
		if s := r.stats("a"); s.DeadLetters != 100 || s.BacklogEvents != 10 {
			t.Errorf("%+v", s)
		}
		fs = fs.Kill()
		_ = r.Close(within(t, time.Nanosecond))
		bs["a"].Script(providertest.Script{})
		r = openOn(t, fs, bs, layout)
		r.flush()
		if diff := cmp.Diff(ids(events("young", 10)), bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
		var letters []string
		for _, l := range r.letters() {
			letters = append(letters, l.Event.ID)
			if !strings.Contains(l.Reason, "gave up after 1m0s") {
				t.Errorf("reason %q", l.Reason)
			}
		}
		if diff := cmp.Diff(ids(events("old", 100)), letters); diff != "" {
			t.Error(diff)
		}
	})
}

// A destination that was removed, drained and forgotten has its number and its position when it comes back: nothing is
// delivered twice, and nothing that was put while it was away.
func TestAForgottenDestinationComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a", "b")
		both, alone := `fake: [{p: {address: a}}, {p: {address: b}}]`, `fake: {p: {address: b}}`
		r := openOn(t, fs, bs, both)
		reload := func(yaml string) {
			t.Helper()
			if err := r.Reload(t.Context(), parse(t, yaml)); err != nil {
				t.Fatal(err)
			}
			settle()
		}
		r.put(event("1"))
		reload(alone)
		r.put(event("2"))
		reload(alone) // it is forgotten now
		reload(both)
		r.put(event("3"))
		r.flush()
		reload(alone)
		r.put(event("4"))
		if left := r.kept(); left != nil {
			r.flush()
		}
		r = openOn(t, fs, bs, both)
		r.put(event("5"))
		r.flush()
		if diff := cmp.Diff([]string{"1", "3", "5"}, bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"1", "2", "3", "4", "5"}, firsts(bs["b"])); diff != "" {
			t.Error(diff)
		}
	})
}

// A destination that comes back while it still delivers goes on with its session: what is in the air is not sent again.
func TestADestinationThatComesBackIsNotStopped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := open(t, healthy("a"), toA)
		r.brokers["a"].Script(providertest.Script{OnWait: slow(time.Second)})
		r.put(events("e", 3)...)
		settle()
		for _, yaml := range []string{`{}`, toA} {
			if err := r.Reload(t.Context(), parse(t, yaml)); err != nil {
				t.Fatal(err)
			}
		}
		r.put(event("new"))
		r.flush()
		if s := r.stats("a"); s.Dials != 1 || s.Retried != 0 {
			t.Errorf("%+v", s)
		}
		if diff := cmp.Diff(append(ids(events("e", 3)), "new"), r.brokers["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

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
