package hub_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// segments returns the files of the log, oldest first.
func segments(t *testing.T, fs *crashfs.FS) (names []string) {
	t.Helper()
	infos, err := fs.List("log")
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		names = append(names, "log/"+info.Name)
	}
	return names
}

// spoil turns bits over where the log has this text, and reports whether it has.
func spoil(t *testing.T, fs *crashfs.FS, text string) bool {
	t.Helper()
	for _, name := range segments(t, fs) {
		content, err := fs.Content(name)
		if err != nil {
			t.Fatal(err)
		}
		if at := strings.Index(string(content), text); at >= 0 {
			content[at] ^= 0xff
			if err := fs.Put(name, content); err != nil {
				t.Fatal(err)
			}
			return true
		}
	}
	return false
}

// Events whose bytes on the disk were damaged are counted as lost, once, and the others are delivered in order.
func TestADamagedJournal(t *testing.T) {
	for name, spoilt := range map[string][]int{
		"first": {0}, "middle": {700}, "several": {3, 4, 5, 300, 1500}, "a whole segment's end": {400, 401, 402, 403, 404, 405, 406},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) { damagedJournal(t, spoilt) })
		})
	}
}

func damagedJournal(t *testing.T, spoilt []int) {
	fs, bs := crashfs.New(1), healthy("a", "b")
	layout := `fake: [{p: {address: a}}, {p: {address: b}}]`
	bs["a"].Script(dead(errDown))
	r := openOn(t, fs, bs, layout)
	var want []string
	for i := range 2000 {
		want = append(want, fmt.Sprintf("number-%04d", i))
		r.put(event(want[i]))
	}
	after(time.Second)
	_ = r.kept()
	fs = fs.Kill()
	for n, i := range spoilt {
		i -= n
		if !spoil(t, fs, want[i]) {
			t.Fatalf("%s is not there", want[i])
		}
		want = append(want[:i:i], want[i+1:]...)
	}
	bs["a"].Script(providertest.Script{})
	var lost atomic.Int64
	hooks := hub.WithHooks(hub.Hooks{Lost: func(_ string, n int) { lost.Add(int64(n)) }})
	r = openOn(t, fs, bs, layout, hooks)
	r.flush()
	s := r.stats("a")
	if s.Lost != int64(len(spoilt)) || lost.Load() != s.Lost || s.BacklogEvents != 0 || s.BacklogBytes != 0 || s.InFlight != 0 {
		t.Errorf("%d were spoilt, the hook says %d: %+v", len(spoilt), lost.Load(), s)
	}
	if diff := cmp.Diff(want, bs["a"].IDs()); diff != "" {
		t.Error(diff)
	}
	if len(r.log.lines("events are lost")) == 0 || r.stats("b").Lost != 0 {
		t.Errorf("nothing is logged, or for the wrong one: %+v", r.stats("b"))
	}
	if left := r.kept(); left != nil {
		t.Errorf("kept %v", left)
	}
	r = openOn(t, fs, bs, layout)
	r.put(event("next"))
	r.flush()
	if s := r.stats("a"); s.Lost != 0 || s.Delivered != 1 {
		t.Errorf("after another start: %+v", s)
	}
}

// What is lost at the end of the log is counted once, too, though nothing comes behind it.
func TestDamageAtTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a", "b")
		layouts := []string{`fake: [{p: {address: a}}, {q: {address: b}}]`, `fake: {q: {address: b}}`}
		bs["a"].Script(dead(errDown))
		r := openOn(t, fs, bs, layouts[0])
		r.put(events("early", 3)...)
		r.put(event("the-last-one"))
		for i := range 1000 { // so that it is not the torn tail of the log
			r.put(hub.Event{Profile: "q", ID: fmt.Sprint("other-", i), Body: "x"})
		}
		_ = r.kept()
		fs = fs.Kill()
		if !spoil(t, fs, "the-last-one") {
			t.Fatal("it is not there")
		}
		bs["a"].Script(providertest.Script{})
		for start, want := range []int64{1, 0, 0} {
			r = openOn(t, fs, bs, layouts[0])
			after(time.Second)
			r.flush()
			if s := r.stats("a"); s.Lost != want || s.BacklogEvents != 0 || s.BacklogBytes != 0 {
				t.Errorf("start %d: want %d lost: %+v", start, want, s)
			}
			if left := r.kept(); left != nil {
				t.Errorf("start %d: kept %v", start, left)
			}
			fs = fs.Kill()
		}
		if diff := cmp.Diff(ids(events("early", 3)), bs["a"].IDs()); diff != "" {
			t.Error(diff)
		}
	})
}

// Who waits for an event that damage took is told, in the middle of a backlog and at its end.
func TestWhoWaitsForALostEventIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := crashfs.New(1), healthy("a", "b")
		bs["a"].Script(dead(errDown))
		r := openOn(t, fs, bs, `fake: [{p: {address: a, delivery: {memory: 64KiB}}}, {p: {address: b}}]`)
		var tracked []*hub.Tracked
		for i := range 2000 {
			one, err := r.PutTracked(t.Context(), event(fmt.Sprintf("number-%04d", i)))
			if err != nil {
				t.Fatal(err)
			}
			tracked = append(tracked, one)
		}
		r.put(hub.Event{Profile: "other", Body: "what is behind it says that the last one is no torn tail"})
		lost := map[int]bool{1200: true, 1201: true, 1999: true}
		for i := range lost {
			if !spoil(t, fs, fmt.Sprintf("number-%04d", i)) {
				t.Fatalf("number %d is not there", i)
			}
		}
		bs["a"].Script(providertest.Script{})
		r.flush()
		for i, one := range tracked {
			receipt, err := one.Wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := hub.Delivered
			if lost[i] {
				want = hub.Lost
			}
			if at := receipt.Results; at[0].State != want || at[1].State != hub.Delivered || (receipt.Err() == nil) == lost[i] {
				t.Errorf("number %d: %+v, %v", i, at, receipt.Err())
			}
		}
		if s := r.stats("a"); s.Lost != int64(len(lost)) || s.BacklogEvents != 0 {
			t.Errorf("%+v", s)
		}
		if left := r.kept(); left != nil {
			t.Errorf("kept %v", left)
		}
	})
}
