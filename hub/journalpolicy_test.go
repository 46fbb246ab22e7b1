package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// What a policy drops is counted and never comes, what it keeps is there after a restart, and the other destination gets
// everything; wherever the backlog is read from.
func TestDropPoliciesOnAJournal(t *testing.T) {
	for _, policy := range []string{"drop_oldest", "drop_newest"} {
		for _, memory := range []string{"0", "500", "4MiB"} {
			for trouble, script := range troubles() {
				t.Run(policy+"/"+memory+"/"+trouble, func(t *testing.T) {
					bubble(t, func(t *testing.T) { dropsOnAJournal(t, policy, memory, script) })
				})
			}
		}
	}
}

// troubles are why a destination delivers nothing.
func troubles() map[string]providertest.Script {
	return map[string]providertest.Script{
		"no connection": dead(errDown),
		"no success":    {OnSend: fail},
		"no answer":     {OnSend: hang},
	}
}

func dropsOnAJournal(t *testing.T, policy, memory string, trouble providertest.Script) {
	fs, bs := crashfs.New(1), healthy("a", "b")
	layout := fmt.Sprintf(`fake: [{p: {address: a, delivery: {backlog: 4KiB, on_full: %s, memory: %s}}}, {p: {address: b}}]`, policy, memory)
	bs["a"].Script(trouble)
	r := openOn(t, fs, bs, layout)
	es := events("e", 300)
	r.put(es[:5]...)
	settle()
	r.put(es[5:100]...)
	if n, err := r.PutAll(t.Context(), es[100:]); n != 200 || err != nil {
		t.Fatal(n, err)
	}
	settle()
	s := r.stats("a")
	if s.BacklogEvents < 10 || s.BacklogEvents > 50 || s.BacklogEvents+int(s.Dropped) != 300 {
		t.Errorf("%+v", s)
	}
	kept := r.kept()["fake:p@a"]
	if after := r.stats("a"); kept < s.BacklogEvents-5 || kept+int(after.Dropped) != 300 { // five were in the air, and older
		t.Errorf("%d are kept, of %d: %+v", kept, s.BacklogEvents, after)
	}
	bs["a"].Script(providertest.Script{})
	r = openOn(t, fs, bs, layout)
	r.flush()
	want := ids(es[:kept])
	if policy == "drop_oldest" {
		want = ids(es[300-kept:])
	}
	if diff := cmp.Diff(want, bs["a"].IDs()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ids(es), bs["b"].IDs()); diff != "" {
		t.Error(diff)
	}
}

// What was dropped takes no room on disk, however long the destination is in trouble and whatever the trouble is.
func TestWhatIsDroppedLeavesTheJournal(t *testing.T) {
	for trouble, script := range troubles() {
		t.Run(trouble, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				bs := healthy("a")
				bs["a"].Script(script)
				r := openOn(t, crashfs.New(1), bs, `fake: {p: {address: a, delivery: {backlog: 8KiB, on_full: drop_oldest, timeout: 10s, retry: {max: 1m}}}}`)
				var most int64
				for i := range 100 {
					r.put(events(fmt.Sprint(i, "-"), 100)...)
					after(5 * time.Second)
					most = max(most, r.Stats().Journal.DiskBytes)
				}
				if s := r.stats("a"); s.BacklogEvents+int(s.Dropped) != 10_000 || most > 256<<10 {
					t.Errorf("up to %d bytes on disk: %+v", most, s)
				}
			})
		})
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

// A letter that is replayed goes when its copy is on disk, and stays if the wait for that is given up.
func TestAReplayKeepsTheLetterUntilItsCopyIsOnDisk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := &slowDisk{FS: crashfs.New(1)}, healthy("a")
		bs["a"].Script(refusing("bad"))
		r := openOn(t, fs, bs, toA)
		r.put(events("bad", 3)...)
		r.flush()
		bs["a"].Script(providertest.Script{})
		fs.takes.Store(int64(time.Minute))
		if err := r.PutNowait(event("being-written")); err != nil {
			t.Fatal(err)
		}
		settle()
		n, err := r.Replay(within(t, time.Second), hub.DeadFilter{})
		if n != 0 || !errors.Is(err, context.DeadlineExceeded) || len(r.letters()) != 3 {
			t.Errorf("Replay = %d, %v; %d letters", n, err, len(r.letters()))
		}
		replayed := make(chan error, 1)
		go func() {
			n, err := r.Replay(t.Context(), hub.DeadFilter{})
			if n != 3 {
				t.Errorf("%d were replayed", n)
			}
			replayed <- err
		}()
		after(90 * time.Second) // it is being written
		if n := len(r.letters()); n != 3 {
			t.Errorf("%d letters are left, and their copies are not on disk", n)
		}
		if err := <-replayed; err != nil || len(r.letters()) != 0 {
			t.Errorf("Replay: %v; %d letters", err, len(r.letters()))
		}
		r.flush()
		if diff := cmp.Diff(append([]string{"being-written"}, ids(events("bad", 3))...), bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}
