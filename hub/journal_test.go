package hub_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// small segments, so that a journal has many.
var small = hub.JournalOptions{SegmentBytes: 64 << 10}

// openOn starts a hub with a journal on fs.
func openOn(t testing.TB, fs disk.FS, bs brokers, yaml string, opts ...hub.Option) *rig {
	t.Helper()
	if isSecondPass() {
		t.Skip("it has had a journal in the first pass")
	}
	return start(t, bs, yaml, append(opts, hub.WithJournalOn(fs, small))...)
}

const toA = `fake: {p: {address: a}}`

// kept closes r at once and returns what it says to have kept.
func (r *rig) kept() map[string]int {
	r.t.Helper()
	err := r.Close(within(r.t, time.Nanosecond))
	var remaining *hub.RemainingError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &remaining) || len(remaining.Lost) > 0:
		r.t.Fatalf("Close: %v", err)
	}
	return remaining.Kept
}

func TestAJournalKeepsWhatIsNotDelivered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a")
		bs["a"].Script(dead(errDown))
		r := openOn(t, fs, bs, toA)
		r.put(events("e", 100)...)
		if n, err := r.PutAll(t.Context(), events("f", 1000)); n != 1000 || err != nil {
			t.Fatal(n, err)
		}
		if diff := cmp.Diff(map[string]int{"fake:p@a": 1100}, r.kept()); diff != "" {
			t.Error(diff)
		}
		bs["a"].Script(providertest.Script{})
		r = openOn(t, fs, bs, toA)
		if s := r.stats("a"); s.BacklogEvents != 1100 || s.Oldest.IsZero() {
			t.Errorf("at the start: %+v", s)
		}
		r.flush()
		if diff := cmp.Diff(append(ids(events("e", 100)), ids(events("f", 1000))...), bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
		if s := r.stats("a"); s.BacklogEvents != 0 || s.BacklogBytes != 0 || s.Lost != 0 {
			t.Errorf("at the end: %+v", s)
		}
	})
}

// What Put has returned for is there after a kill and after a power cut, and what was delivered before a kill is not
// delivered again.
func TestAJournalSurvives(t *testing.T) {
	for name, end := range map[string]func(*crashfs.FS) *crashfs.FS{
		"kill": (*crashfs.FS).Kill, "power cut": (*crashfs.FS).Crash,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				fs, bs := crashfs.New(1), healthy("a")
				r := openOn(t, fs, bs, toA)
				r.put(events("early", 300)...)
				r.flush()
				after(time.Second) // the cursors are saved
				bs["a"].Script(dead(errDown))
				bs["a"].Cut()
				r.put(events("late", 300)...)
				fs = end(fs)
				_ = r.Close(within(t, time.Nanosecond))
				bs["a"].Script(providertest.Script{})
				r = openOn(t, fs, bs, toA)
				r.put(events("new", 3)...)
				r.flush()
				want := append(append(ids(events("early", 300)), ids(events("late", 300))...), ids(events("new", 3))...)
				if diff := cmp.Diff(want, bs["a"].IDs()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// A destination that is behind reads from disk, in the same order, and goes on from memory once it has caught up.
func TestADestinationThatIsBehindReadsFromDisk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bs := healthy("a", "b")
		r := openOn(t, crashfs.New(1), bs, `fake: [{p: {address: a, delivery: {memory: 1KiB, batch: 7}}}, {p: {address: b}}]`)
		release := bs["a"].Stall()
		for i := range 50 {
			if n, err := r.PutAll(t.Context(), events(fmt.Sprint("e", i), 20)); n != 20 || err != nil {
				t.Fatal(n, err)
			}
		}
		release()
		var want []string
		for i := range 60 {
			if i >= 50 {
				r.put(events(fmt.Sprint("e", i), 20)...) // while it catches up
			}
			want = append(want, ids(events(fmt.Sprint("e", i), 20))...)
		}
		r.flush()
		for address, b := range bs {
			if diff := cmp.Diff(want, b.IDs()); diff != "" {
				t.Errorf("%s: %s", address, diff)
			}
		}
		if u := r.stats("a"); u.BacklogEvents != 0 || u.BacklogBytes != 0 || !u.Oldest.IsZero() {
			t.Errorf("%+v", u)
		}
	})
}

func TestTwoHubsOnOneJournal(t *testing.T) {
	dir := t.TempDir()
	opts := hub.WithJournal(dir, hub.JournalOptions{})
	first := start(t, healthy("a"), toA, opts)
	_, err := hub.Open(t.Context(), parse(t, toA), hub.WithProviders(providertest.FakeProvider("fake", healthy("a"))), opts)
	var locked *hub.LockedError
	if !errors.Is(err, hub.ErrLocked) || !errors.As(err, &locked) || locked.PID == 0 {
		t.Fatalf("the second: %v", err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	start(t, healthy("a"), toA, opts)
}

// The backlog that is kept on disk is 1 GiB by default, and not the 64 MiB of memory.
func TestTheDefaultBacklogWithAJournal(t *testing.T) {
	p, err := hub.NewPlan(parse(t, toA), hub.WithProviders(providertest.FakeProvider("fake", healthy("a"))),
		hub.WithJournal("x", hub.JournalOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Destinations[0].Config.Options.Delivery.Backlog; got != 1<<30 {
		t.Errorf("backlog %d", got)
	}
}
