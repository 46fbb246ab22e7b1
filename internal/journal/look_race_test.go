package journal_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// stepFS calls step before each operation of who looks.
type stepFS struct {
	disk.FS
	step func(what string)
}

type stepFile struct {
	disk.File
	fs   *stepFS
	name string
}

func (s *stepFS) OpenRead(name string) (disk.File, error) {
	s.step("open " + name)
	f, err := s.FS.OpenRead(name)
	if err != nil {
		return nil, err
	}
	return stepFile{f, s, name}, nil
}

func (s *stepFS) List(dir string) ([]disk.Info, error) {
	s.step("list " + dir)
	return s.FS.List(dir)
}

func (f stepFile) ReadAt(p []byte, o int64) (int, error) {
	f.fs.step("read " + f.name)
	return f.File.ReadAt(p, o)
}

func (f stepFile) Size() (int64, error) {
	f.fs.step("size " + f.name)
	return f.File.Size()
}

// fastAndSlow writes a journal in which a settles all and b nothing.
type fastAndSlow struct {
	t    *testing.T
	fs   *crashfs.FS
	j    *journal.Journal
	a, b uint32
	next uint64
}

func newFastAndSlow(t *testing.T, seed uint64, maxBytes int64) *fastAndSlow {
	t.Helper()
	w := &fastAndSlow{t: t, fs: crashfs.New(seed), next: 1}
	w.j = open(t, w.fs, func(o *journal.Options) { o.MaxBytes = maxBytes })
	n := assign(t, w.j, "a", "b")
	w.a, w.b = n[0], n[1]
	w.put(3, w.a, w.b)
	w.put(80, w.a)
	w.save()
	return w
}

func (w *fastAndSlow) put(n int, to ...uint32) {
	appendAll(w.t, w.j, records(w.next, n, to...))
	w.next += uint64(n)
}

func (w *fastAndSlow) save() {
	if err := w.j.SyncCursors(); err != nil {
		w.t.Error(err)
	}
}

// settle has a settle all, and makes room.
func (w *fastAndSlow) settle() {
	w.j.Ack(w.a, journal.Cursor{Seq: w.next - 1, Totals: w.j.Destinations()[0].Accepted})
	w.save()
	if err := w.j.Compact(); err != nil {
		w.t.Error(err)
	}
}

// some does one of the things that a journal in use does.
func (w *fastAndSlow) some(r *rand.Rand) {
	switch r.IntN(4) {
	case 0:
		w.put(1+r.IntN(100), w.a)
	case 1:
		w.put(1+r.IntN(5), w.a, w.b)
	case 2:
		w.settle()
	case 3:
		w.save()
		w.put(1+r.IntN(300), w.a)
		w.settle()
	}
}

// lookOf opens a journal read-only and returns what is said to be wrong with it.
func lookOf(t *testing.T, fs disk.FS) (said []string) {
	t.Helper()
	j := open(t, fs, func(o *journal.Options) { o.ReadOnly = true })
	defer closing(t, j)
	if r := j.Recovery(); !r.Clean() {
		said = append(said, fmt.Sprintf("%+v", r))
	}
	found, unreadable := harm(t, j)
	for _, f := range append(found, unreadable...) {
		said = append(said, fmt.Sprintf("%+v", f))
	}
	return said
}

// What is listed is gone when it is looked at, at any one place.
func TestALookFindsNothingMissingThoughSegmentsGoMeanwhile(t *testing.T) {
	for _, maxBytes := range []int64{0, 1 << 20} { // with spare files, and without
		at, ended := 1, false
		for ; !ended; at++ {
			w := newFastAndSlow(t, 1, maxBytes)
			n := 0
			said := lookOf(t, &stepFS{w.fs, func(string) {
				if n++; n == at {
					w.put(250, w.a)
					w.settle()
				}
			}})
			if said != nil {
				t.Errorf("limit %d, before operation %d: %s", maxBytes, at, strings.Join(said, "\n"))
			}
			closing(t, w.j)
			ended = n < at
		}
		if at < 20 {
			t.Errorf("a look has only %d operations", at)
		}
	}
}

func TestALookFindsNothingMissingInAJournalInUse(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds /= 4
	}
	for seed := range seeds {
		w := newFastAndSlow(t, seed, int64(seed%3/2)<<20*10)
		r := rand.New(rand.NewPCG(seed, 1))
		rate, busy := 3+r.IntN(40), false
		var before []string
		said := lookOf(t, &stepFS{w.fs, func(what string) {
			if busy || r.IntN(rate) > 0 {
				return
			}
			busy = true
			defer func() { busy = false }()
			w.some(r)
			before = append(before, what)
		}})
		if said != nil {
			t.Errorf("seed %d, something was done before %v: %s", seed, before, strings.Join(said, "\n"))
		}
		closing(t, w.j)
	}
}

// What is really gone is missing also while another process writes.
func TestALookFindsAMissingSegmentInAJournalInUse(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(1, 300, n...))
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
	f := filesOf(t, fs.Kill())
	names := f.segments()
	delete(f, names[1])
	w := &fastAndSlow{t: t, fs: f.disk(t), a: n[0], b: n[1], next: 301}
	w.j = open(t, w.fs)
	defer closing(t, w.j)
	said := lookOf(t, &stepFS{w.fs, func(what string) {
		if what == "list log" {
			w.put(20, w.a)
		}
	}})
	if len(said) != 3 { // by Open, Verify and Unreadable
		t.Errorf("said is %q", said)
	}
}
