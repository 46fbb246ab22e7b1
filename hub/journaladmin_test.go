package hub_test

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/providers/providertest"
)

// stocked returns a journal in which ten events wait for a, none for b, and three dead letters are of b.
func stocked(t *testing.T) (*crashfs.FS, brokers) {
	t.Helper()
	fs, bs := crashfs.New(1), healthy("a", "b", "c")
	bs["a"].Script(dead(errDown))
	bs["b"].Script(refusing("bad"))
	r := openOn(t, fs, bs, `fake: [{p: {address: a}}, {"*": {address: b}}]`)
	r.put(append(events("e", 7), events("bad", 3)...)...)
	r.put(hub.Event{Profile: "other", ID: "o", Body: 1, Tags: map[string]any{"k": "v"}})
	for r.stats("b").BacklogEvents > 0 {
		after(time.Second)
	}
	if diff := cmp.Diff(map[string]int{"fake:p@a": 10}, r.kept()); diff != "" {
		t.Fatal(diff)
	}
	bs["a"].Script(providertest.Script{})
	bs["b"].Script(providertest.Script{})
	return fs, bs
}

func openJournal(t *testing.T, fs *crashfs.FS) *hub.Journal {
	t.Helper()
	j, err := hub.OpenJournal("", hub.WithJournalOn(fs, small))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func closeJournal(t *testing.T, j *hub.Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestJournalStatusAndEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, _ := stocked(t)
		j := openJournal(t, fs)
		defer closeJournal(t, j)
		s, err := j.Status()
		if err != nil {
			t.Fatal(err)
		}
		if s.ID == "" || s.LastSeq != 11 || s.DiskBytes == 0 || s.Segments == 0 || len(s.Destinations) != 2 {
			t.Errorf("%+v", s)
		}
		a, b := s.Destinations[0], s.Destinations[1]
		if a.Name != "fake:p@a" || !a.Active || a.Events != 10 || a.Bytes == 0 || a.Oldest.IsZero() || a.Settled != 0 {
			t.Errorf("%+v", a)
		}
		if b.Name != "fake:*@b" || b.Events != 0 || b.Settled != 11 || b.DeadLetters != 3 || b.LastSettled != 11 {
			t.Errorf("%+v", b)
		}
		choose := func(f hub.JournalFilter) (got []string) {
			for e, err := range j.Events(f) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, e.Event.ID)
			}
			return got
		}
		waiting := append(ids(events("e", 7)), ids(events("bad", 3))...)
		for name, c := range map[string]struct {
			filter hub.JournalFilter
			want   []string
		}{
			"all":          {hub.JournalFilter{}, append(waiting, "o")},
			"waiting":      {hub.JournalFilter{Waiting: true}, waiting},
			"after":        {hub.JournalFilter{After: 9}, []string{"bad-2", "o"}},
			"profile":      {hub.JournalFilter{Profile: "o*"}, []string{"o"}},
			"destination":  {hub.JournalFilter{Destination: "*@a"}, waiting},
			"none waiting": {hub.JournalFilter{Destination: "*@b", Waiting: true}, nil},
		} {
			if diff := cmp.Diff(c.want, choose(c.filter)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		check, err := j.Verify(t.Context(), nil)
		if err != nil || len(check.Faults) > 0 || check.Frames < 11 || check.Letters != 3 || check.Bytes == 0 {
			t.Errorf("%+v, %v", check, err)
		}
	})
}

func TestReplayAndDiscardOfAClosedJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := stocked(t)
		j := openJournal(t, fs)
		if n, err := j.Discard(hub.DeadFilter{IDs: []string{"bad-1"}}); n != 1 || err != nil {
			t.Errorf("Discard = %d, %v", n, err)
		}
		if n, err := j.Replay(t.Context(), hub.DeadFilter{Destination: "*@b"}); n != 2 || err != nil {
			t.Errorf("Replay = %d, %v", n, err)
		}
		for l := range j.DeadLetters(hub.DeadFilter{}) {
			t.Errorf("%s is left", l.Event.ID)
		}
		closeJournal(t, j)
		before := len(bs["b"].IDs())
		r := openOn(t, fs, bs, `fake: [{p: {address: a}}, {"*": {address: b}}]`)
		r.flush()
		if diff := cmp.Diff([]string{"bad-0", "bad-2"}, bs["b"].IDs()[before:]); diff != "" {
			t.Error(diff)
		}
		if got := len(bs["a"].IDs()); got != 10 {
			t.Errorf("a got %d", got)
		}
	})
}

func TestAdoptAndDrop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := stocked(t)
		j := openJournal(t, fs)
		if got, err := j.Adopt("fake:p@a", "fake:p@c"); got != (hub.JournalGiven{Events: 10}) || err != nil {
			t.Errorf("Adopt = %+v, %v", got, err)
		}
		if got, err := j.Adopt("fake:*@b", "fake:*@d"); got != (hub.JournalGiven{DeadLetters: 3}) || err != nil {
			t.Errorf("Adopt of dead letters alone = %+v, %v", got, err)
		}
		if _, err := j.Adopt("fake:nobody", "fake:p@c"); err == nil {
			t.Error("a destination that is not there was adopted")
		}
		if got, err := j.Drop("fake:*@d"); got != (hub.JournalGiven{DeadLetters: 3}) || err != nil {
			t.Errorf("Drop = %+v, %v", got, err)
		}
		closeJournal(t, j)
		r := openOn(t, fs, bs, `fake: {p: {address: c}}`)
		r.flush()
		if diff := cmp.Diff(append(ids(events("e", 7)), ids(events("bad", 3))...), bs["c"].IDs()); diff != "" {
			t.Error(diff)
		}
		for l := range r.DeadLetters(hub.DeadFilter{}) {
			t.Errorf("%s is left", l.Event.ID)
		}
	})
}

// A journal in use can be looked at, and not changed.
func TestReadJournal(t *testing.T) {
	bubble(t, func(t *testing.T) {
		fs, bs := stocked(t)
		r := openOn(t, fs, bs, `fake: [{p: {address: a}}, {"*": {address: b}}]`)
		defer r.Close(t.Context())
		if _, err := hub.OpenJournal("", hub.WithJournalOn(fs, small)); !errors.Is(err, hub.ErrLocked) {
			t.Errorf("OpenJournal: %v", err)
		}
		j, err := hub.ReadJournal("", hub.WithJournalOn(fs, small))
		if err != nil {
			t.Fatal(err)
		}
		defer closeJournal(t, j)
		n := 0
		for _, err := range j.DeadLetters(hub.DeadFilter{}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if s, err := j.Status(); n != 3 || err != nil || len(s.Destinations) != 2 {
			t.Errorf("%d letters, %+v, %v", n, s, err)
		}
		_, replay := j.Replay(t.Context(), hub.DeadFilter{})
		_, discard := j.Discard(hub.DeadFilter{})
		_, adopt := j.Adopt("a", "b")
		_, drop := j.Drop("a")
		for name, err := range map[string]error{"Replay": replay, "Discard": discard, "Adopt": adopt, "Drop": drop} {
			if !errors.Is(err, hub.ErrReadOnly) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestOpenJournalMakesNone(t *testing.T) {
	dir := t.TempDir() + "/none"
	for name, open := range map[string]func(string, ...hub.Option) (*hub.Journal, error){
		"OpenJournal": hub.OpenJournal, "ReadJournal": hub.ReadJournal,
	} {
		if _, err := open(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := open(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of an empty directory: %v", name, err)
		}
	}
}
