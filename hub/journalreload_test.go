package hub_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// A destination that a reload removed keeps what it has, over restarts too, until it is in the file again.
func TestARemovedDestinationIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a", "b")
		bs["a"].Script(dead(errDown))
		r := openOn(t, fs, bs, `fake: [{p: {address: a}}, {p: {address: b}}]`)
		r.put(events("e", 10)...)
		if err := r.Reload(t.Context(), parse(t, `fake: {p: {address: b}}`)); err != nil {
			t.Fatal(err)
		}
		r.put(events("f", 10)...)
		after(time.Minute)
		orphan := func() hub.DestinationStats {
			t.Helper()
			for _, d := range r.Stats().Destinations {
				if d.Name == "fake:p@a" && d.Removed {
					return d
				}
			}
			t.Fatalf("it is not reported: %+v", r.Stats())
			return hub.DestinationStats{}
		}
		if d := orphan(); d.BacklogEvents != 10 {
			t.Errorf("%+v", d)
		}
		if diff := cmp.Diff(map[string]int{"fake:p@a": 10}, r.kept()); diff != "" {
			t.Error(diff)
		}
		r = openOn(t, fs, bs, `fake: {p: {address: b}}`)
		if d := orphan(); d.BacklogEvents != 10 {
			t.Errorf("after a restart: %+v", d)
		}
		if got := r.log.lines("not in the acct file"); len(got) != 1 || !strings.Contains(got[0], "fake:p@a") {
			t.Errorf("logged: %q", got)
		}
		bs["a"].Script(providertest.Script{})
		if err := r.Reload(t.Context(), parse(t, `fake: [{p: {address: a}}, {p: {address: b}}]`)); err != nil {
			t.Fatal(err)
		}
		r.put(event("g"))
		r.flush()
		if diff := cmp.Diff(append(ids(events("e", 10)), "g"), bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

// A reload whose new destination cannot be journalled changes nothing.
func TestAReloadThatTheDiskRefuses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a", "b")
		r := openOn(t, fs, bs, toA)
		r.put(event("1"))
		broken := failing(fs, syscall.ENOSPC)
		broken.Store(true)
		if err := r.Reload(t.Context(), parse(t, `fake: {p: {address: b}}`)); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("Reload: %v", err)
		}
		broken.Store(false)
		r.put(event("2"))
		r.flush()
		if diff := cmp.Diff([]string{"1", "2"}, bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
		if err := r.Reload(t.Context(), parse(t, `fake: {p: {address: b}}`)); err != nil {
			t.Fatal(err)
		}
		r.put(event("3"))
		r.flush()
		if diff := cmp.Diff([]string{"3"}, bs["b"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

// Dead letters are there after a restart, and a replay lets go of them when their copies are on disk.
func TestDeadLettersInAJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a")
		bs["a"].Script(refusing("bad"))
		r := openOn(t, fs, bs, toA)
		r.put(append(events("bad", 300), events("good", 5)...)...)
		r.flush()
		letters := func() (got []string) {
			t.Helper()
			for l, err := range r.DeadLetters(hub.DeadFilter{}) {
				if err != nil {
					t.Fatal(err)
				}
				if l.Reason == "" || l.Attempts != 1 || l.Time.IsZero() || l.Destination != "fake:p@a" {
					t.Errorf("%+v", l)
				}
				got = append(got, l.Event.ID)
			}
			return got
		}
		if diff := cmp.Diff(ids(events("bad", 300)), letters()); diff != "" {
			t.Error(diff)
		}
		after(time.Second) // the cursors are saved
		fs = fs.Crash()
		_ = r.Close(within(t, time.Nanosecond))
		r = openOn(t, fs, bs, toA)
		if diff := cmp.Diff(ids(events("bad", 300)), letters()); diff != "" {
			t.Errorf("after a power cut: %s", diff)
		}
		bs["a"].Script(providertest.Script{})
		if n, err := r.Replay(t.Context(), hub.DeadFilter{}); n != 300 || err != nil {
			t.Fatalf("Replay = %d, %v", n, err)
		}
		if got := letters(); len(got) != 0 {
			t.Errorf("%d are left", len(got))
		}
		r.flush()
		want := append(ids(events("good", 5)), ids(events("bad", 300))...)
		if diff := cmp.Diff(want, bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

// A letter that cannot be written stops the destination, which says so and goes on when the disk does.
func TestALetterThatCannotBeWritten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a", "b")
		bs["a"].Script(refusing("bad"))
		r := openOn(t, fs, bs, `fake: [{p: {address: a}}, {p: {address: b}}]`)
		fs.SetHook(func(op crashfs.Op) crashfs.Fault {
			if op.Kind != crashfs.ReadAt && !inLog(op) && op.Name != "cursors" {
				return crashfs.Fault{Err: syscall.EIO}
			}
			return crashfs.Fault{}
		})
		r.put(append(events("bad", 3), events("good", 3)...)...)
		after(time.Minute)
		if s := r.stats("a"); s.Phase != "halted" || s.DeadLetters != 0 || s.BacklogEvents < 3 {
			t.Errorf("%+v", s)
		}
		if got := bs["b"].Stats().Stored; got != 6 {
			t.Errorf("b got %d", got)
		}
		fs.SetHook(nil)
		after(time.Minute)
		r.flush()
		if s := r.stats("a"); s.Phase == "halted" || s.DeadLetters != 3 || s.BacklogEvents != 0 {
			t.Errorf("%+v", s)
		}
		if diff := cmp.Diff(ids(events("good", 3)), bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}
