package journal_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/internal/journal/segment"
)

// drafting is a journal to which groups are brought in drafts, and what it has said is durable.
type drafting struct {
	*testing.T
	fs      *crashfs.FS
	j       *journal.Journal
	to      []uint32
	options func(*journal.Options)
	want    []uint64
}

// draftInto opens a journal that has some records, the last of them in a block that is not full.
func draftInto(t *testing.T, seed uint64, segmentBytes int64) *drafting {
	t.Helper()
	w := &drafting{T: t, fs: crashfs.New(seed), options: func(o *journal.Options) { o.SegmentBytes = segmentBytes }}
	w.j = open(t, w.fs, w.options)
	t.Cleanup(func() { w.j.Close() })
	w.to = assign(t, w.j, "a", "b")
	w.append(nil, batch(1, 5, w.to...))
	return w
}

// next is the Seq that comes next.
func (w *drafting) next() uint64 { return uint64(len(w.want)) + 1 }

func (w *drafting) sizeOf(first uint64, n int) (size int64) {
	for i := range uint64(n) {
		size += journal.FrameSize(w.to, len(data(first+i)))
	}
	return size
}

// encode adds to b, wherever it was placed, the records that get the Seqs from first on.
func (w *drafting) encode(b *journal.Batch, first uint64, n int) {
	for i := range uint64(n) {
		b.Add(w.to, stored(data(first+i)))
	}
	b.First = first
}

// place brings records to d that will get the Seqs from first on, whatever d expects.
func (w *drafting) place(d *journal.Draft, first uint64, n int) *journal.Batch {
	b := &journal.Batch{}
	d.Place(b, n, w.sizeOf(first, n))
	w.encode(b, first, n)
	return b
}

// try appends a group and returns how that went.
func (w *drafting) try(d *journal.Draft, batches ...*journal.Batch) error {
	err := w.j.AppendBatches(d, batches...)
	for _, b := range batches {
		if err == nil {
			w.want = append(w.want, seqs(b.First, b.First+uint64(b.Len())-1)...)
		}
	}
	return err
}

func (w *drafting) append(d *journal.Draft, batches ...*journal.Batch) {
	w.Helper()
	if err := w.try(d, batches...); err != nil {
		w.Fatal(err)
	}
}

// check wants all that is durable, and nothing else, from this process and from the next one.
func (w *drafting) check() {
	w.Helper()
	for range 2 {
		for _, number := range w.to {
			expect(w.T, w.j, number, w.want)
		}
		if err := w.j.Close(); err != nil {
			w.Fatal(err)
		}
		w.j = open(w.T, w.fs, w.options)
		if r := w.j.Recovery(); !r.Clean() || r.TornBytes != 0 {
			w.Fatalf("%+v", r)
		}
	}
}

// written are the frames of the records in the log, in order, those that begin a group with a "+" in front. What is
// neither a frame nor unused is an error.
func (w *drafting) written() (frames []string) {
	w.Helper()
	all := filesOf(w.T, w.fs)
	for _, name := range all.segments() {
		content := all[name]
		h, err := segment.ParseHeader(content)
		if err != nil {
			w.Fatal(err)
		}
		s, end := segment.NewScanner(bytes.NewReader(content), h.Seed(), segment.HeaderSize, int64(len(content))), int64(0)
		for s.Next() {
			f := s.Frame()
			if end = f.End(); f.Kind == segment.Event {
				frames = append(frames, fmt.Sprintf("%.*s%d %q", f.Flags, "+", f.Seq, f.Payload))
			}
		}
		if s.Err() != nil || len(s.Bad()) > 0 || len(bytes.Trim(content[end:], "\x00")) > 0 {
			w.Fatalf("%s: %v, bad: %v; behind %d are no zeros", name, s.Err(), s.Bad(), end)
		}
	}
	return frames
}

// begins returns the Seqs that begin groups.
func (w *drafting) begins() (first []uint64) {
	w.Helper()
	for _, f := range w.written() {
		var seq uint64
		if _, err := fmt.Sscanf(f, "+%d ", &seq); err == nil {
			first = append(first, seq)
		}
	}
	return first
}

// bringGroups brings groups of one to three batches, as a hub does: each draft is made while the group before is being
// written, and callers encode beside one another. It returns the Seqs that begin the groups.
func (w *drafting) bringGroups(groups int) (first []uint64) {
	w.Helper()
	d := w.j.Draft(0, w.next())
	for g := range groups {
		first = append(first, w.next())
		var callers sync.WaitGroup
		batches, seq := make([]*journal.Batch, 1+g%3), w.next()
		for i := range batches {
			b, from, n := &journal.Batch{}, seq, 1+(g*g+i)%70
			d.Place(b, n, w.sizeOf(from, n))
			callers.Go(func() { w.encode(b, from, n) })
			batches[i], seq = b, seq+uint64(n)
		}
		following := w.j.Draft(d.Size(), seq)
		callers.Wait()
		w.append(d, batches...)
		w.j.Recycle(d)
		d = following
	}
	return first
}

// Groups from drafts are, to the byte, those that Append writes, over many segments; and most were not copied.
func TestGroupsFromDraftsAreLikeOthers(t *testing.T) {
	const groups = 120
	drafted, plain := draftInto(t, 1, 128<<10), draftInto(t, 1, 128<<10)
	first := append(drafted.bringGroups(groups), drafted.next())
	for i := range groups {
		if err := plain.j.Append(records(first[i], int(first[i+1]-first[i]), plain.to...)); err != nil {
			t.Fatal(err)
		}
	}
	plain.want = drafted.want
	if s := drafted.j.Stats(); s.InPlace < groups*8/10 || s.Segments < 4 {
		t.Errorf("%d groups of %d were written in place, into %d segments", s.InPlace, groups, s.Segments)
	}
	drafted.check()
	plain.check()
	if diff := cmp.Diff(plain.written(), drafted.written()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(logSizes(t, plain.fs), logSizes(t, drafted.fs)); diff != "" {
		t.Error(diff)
	}
}

// Every group says once where it begins, in its first frame, be it in the draft, behind it, or not in one at all.
func TestAGroupFromADraftBeginsOnce(t *testing.T) {
	w := draftInto(t, 1, 1<<20)
	want := append([]uint64{1}, w.bringGroups(10)...)
	for _, placed := range []bool{true, false} { // in front of one that was not
		seq := w.next()
		want = append(want, seq)
		d := w.j.Draft(0, seq)
		b := batch(seq, 3, w.to...)
		if placed {
			b = w.place(d, seq, 3)
		}
		w.append(d, b, batch(seq+3, 2, w.to...), batch(seq+5, 1, w.to...))
	}
	w.check()
	if diff := cmp.Diff(want, w.begins()); diff != "" {
		t.Error(diff)
	}
}

// guess makes a draft that turns out wrong, and the batches that are then brought with it, with the Seqs from seq on.
type guess func(w *drafting, seq uint64) (*journal.Draft, []*journal.Batch)

// misplaced expects another place, other numbers, and that three batches with two records each are larger by so much.
func misplaced(after, number int64, larger ...int64) guess {
	return func(w *drafting, seq uint64) (d *journal.Draft, group []*journal.Batch) {
		d = w.j.Draft(after, uint64(int64(seq)+number))
		for _, n := range append(larger, 0, 0, 0)[:3] {
			b := &journal.Batch{}
			d.Place(b, 2, w.sizeOf(seq, 2)+n)
			w.encode(b, seq, 2)
			group = append(group, b)
			seq += 2
		}
		return d, group
	}
}

// takenBack has one of the batches taken back.
func takenBack(which int) guess {
	return func(w *drafting, seq uint64) (d *journal.Draft, group []*journal.Batch) {
		d = w.j.Draft(0, seq)
		for i := range 4 {
			if b := w.place(d, seq, 2); i != which {
				group = append(group, b)
				seq += 2
			}
		}
		return d, group
	}
}

var guesses = map[string]guess{
	"the group before is smaller":         misplaced(8, 0),
	"the group before is larger":          misplaced(-8, 0),
	"the group before is a block smaller": misplaced(disk.Block, 0),
	"the numbers are higher":              misplaced(0, -1),
	"the numbers are lower":               misplaced(0, 1),
	"the first is taken back":             takenBack(0),
	"one in the middle is taken back":     takenBack(1),
	"the last is taken back":              takenBack(3),
	"the first is shorter":                misplaced(0, 0, 8, 0, 0),
	"the last is shorter":                 misplaced(0, 0, 0, 0, 48),
	"the first is longer":                 misplaced(0, 0, -8, 0, 0),
	"the last is longer":                  misplaced(0, 0, 0, 0, -8),
	"shorter and longer is the same":      misplaced(0, 0, 8, 0, -8),
	"longer and shorter is the same":      misplaced(0, 0, -8, 0, 8),
	"another one in place of the last, which has its number": func(w *drafting, seq uint64) (*journal.Draft, []*journal.Batch) {
		d, group := misplaced(0, 0)(w, seq)
		group[2] = batch(seq+4, 7, w.to...)
		return d, group
	},
	"one has fewer records, of the same size": func(w *drafting, seq uint64) (*journal.Draft, []*journal.Batch) {
		d, b := w.j.Draft(0, seq), &journal.Batch{}
		d.Place(b, 3, w.sizeOf(seq, 2))
		w.encode(b, seq, 2)
		return d, []*journal.Batch{b, w.place(d, seq+2, 2)}
	},
	"a destination is new": func(w *drafting, seq uint64) (*journal.Draft, []*journal.Batch) {
		d, group := misplaced(0, 0)(w, seq)
		assign(w.T, w.j, "a", "b", "c")
		return d, group
	},
}

// A guess that is wrong costs a copy, and nothing else. The next draft is written in place again.
func TestAWrongGuessLosesNothing(t *testing.T) {
	for name, guess := range guesses {
		t.Run(name, func(t *testing.T) {
			w := draftInto(t, 1, 1<<20)
			d, group := guess(w, w.next())
			w.append(d, group...)
			if n := w.j.Stats().InPlace; n != 0 {
				t.Errorf("%d groups were written in place", n)
			}
			w.j.Recycle(d)
			if w.bringGroups(5); w.j.Stats().InPlace != 5 {
				t.Errorf("%d groups of 5 were written in place", w.j.Stats().InPlace)
			}
			w.check()
		})
	}
}

// A segment ends between a draft and its being written.
func TestADraftForASegmentThatHasEnded(t *testing.T) {
	w := draftInto(t, 1, 8<<10)
	for range 20 {
		seq, before := w.next(), w.j.Stats()
		d := w.j.Draft(0, seq)
		w.append(d, w.place(d, seq, 20), w.place(d, seq+20, 5))
		after := w.j.Stats()
		if rolled := after.Segments > before.Segments; rolled == (after.InPlace > before.InPlace) {
			t.Errorf("another segment has begun: %v; in place: %d, %d", rolled, before.InPlace, after.InPlace)
		}
	}
	if s := w.j.Stats(); s.InPlace < 5 || s.Segments < 5 {
		t.Errorf("%+v", s)
	}
	w.check()
}

// What is more than a draft holds comes behind what it holds: of one large batch and of many.
func TestMoreThanADraftHolds(t *testing.T) {
	for name, sizes := range map[string][]int{
		"one large batch":     {30000},
		"large between small": {5, 30000, 5},
		"large ones that fit": {5, 9000, 9000, 9000, 9000, 5}, // three of them
		"as new drafts begin": {40, 40, 40, 40, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := draftInto(t, 1, 64<<20)
			d, seq := w.j.Draft(0, w.next()), w.next()
			if len(sizes) > 5 { // one that was used for as much
				d.Place(&journal.Batch{}, 1, 4<<20)
				w.j.Recycle(d)
				d = w.j.Draft(0, seq)
			}
			var group []*journal.Batch
			for _, n := range sizes {
				group = append(group, w.place(d, seq, n))
				seq += uint64(n)
			}
			w.append(d, group...)
			if n := w.j.Stats().InPlace; n != uint64(min(1, len(sizes)-1)) {
				t.Errorf("%d groups begin in place", n)
			}
			w.check()
			if diff := cmp.Diff([]uint64{1, 6}, w.begins()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// breakAt has the n-th operation of a kind on a segment fail. Writes that only make room are not counted.
func (w *drafting) breakAt(kind crashfs.Kind, n int, fault crashfs.Fault) {
	w.fs.SetHook(func(op crashfs.Op) crashfs.Fault {
		if op.Kind == kind && strings.HasSuffix(op.Name, ".seg") && op.Len < 64<<10 {
			if n--; n == 0 {
				fault.Err = syscall.EIO
				return fault
			}
		}
		return crashfs.Fault{}
	})
}

// A group that has failed, be it in its own segment or in the next one, is brought again as it is. It is there once,
// whatever the disk has of the first times.
func TestAFailedDraftIsAppendedAgain(t *testing.T) {
	for name, fault := range map[string]crashfs.Fault{
		"sync": {}, "sync, done": {Done: true}, "write": {}, "write, partly": {Short: 3000}, "write, done": {Done: true},
	} {
		t.Run(name, func(t *testing.T) {
			kind, failed := crashfs.WriteAt, 0
			if strings.HasPrefix(name, "sync") {
				kind = crashfs.Sync
			}
			for seed := range uint64(20) {
				w := draftInto(t, seed, 1<<20)
				for range 4 {
					seq := w.next()
					d := w.j.Draft(0, seq)
					group := []*journal.Batch{w.place(d, seq, 30), w.place(d, seq+30, 20), batch(seq+50, 1, w.to...)}
					for n := 0; w.next() == seq; n++ {
						if n == 10 {
							t.Fatal("it fails for ever")
						}
						if w.fs.SetHook(nil); n < 3 {
							w.breakAt(kind, 1+(n+int(seed))%2, fault)
						}
						if w.try(d, group...) != nil {
							failed++
						}
					}
					w.j.Recycle(d)
				}
				if seed%2 == 0 {
					w.check()
				}
				w.fs = w.fs.Crash()
				w.j = open(t, w.fs, w.options)
				expect(t, w.j, w.to[0], w.want)
			}
			if failed < 40 {
				t.Errorf("it failed only %d times", failed)
			}
		})
	}
}

// fail has a group fail.
func (w *drafting) fail(d *journal.Draft, group ...*journal.Batch) {
	w.Helper()
	w.breakAt(crashfs.Sync, 1, crashfs.Fault{})
	if w.try(d, group...) == nil {
		w.Fatal("the group did not fail")
	}
}

// The first group of a segment fails, and the next segment is as large at its beginning: only its seed is another.
func TestADraftForTheBeginningOfAnotherSegment(t *testing.T) {
	w := draftInto(t, 1, 1<<20)
	w.fail(nil, batch(w.next(), 1, w.to...))
	assign(t, w.j, "a") // begins a segment
	d := w.j.Draft(0, w.next())
	b := w.place(d, w.next(), 30)
	w.fail(d, b)
	w.append(d, b)
	w.check()
}

// A draft that is made while there is no segment to write to.
func TestADraftWithoutASegment(t *testing.T) {
	w := draftInto(t, 1, 1<<20)
	for range 3 {
		w.fail(nil, batch(w.next(), 1, w.to...))
		d := w.j.Draft(100, w.next())
		w.append(d, w.place(d, w.next(), 30))
		w.j.Recycle(d)
		w.bringGroups(2)
	}
	w.check()
}

// The power fails, or the process is killed, before, while or just after a group from a draft is written. What was
// acknowledged is there, with the small records that share a block with the draft.
func TestPowerCutAroundADraft(t *testing.T) {
	cut := 0
	for seed := range uint64(150) {
		w := draftInto(t, seed, 1<<20)
		w.bringGroups(int(seed % 4))
		appendAll(t, w.j, records(w.next(), 3, w.to...))
		w.want = seqs(1, w.next()+2)
		seq := w.next()
		d := w.j.Draft(0, seq)
		group := []*journal.Batch{w.place(d, seq, 2+int(seed)), w.place(d, seq+2+seed, 3)}
		w.fs.DieAt(int(seed % 4)) // 0: not at all
		if w.try(d, group...) != nil {
			cut++
		}
		w.fs = w.fs.Kill()
		if seed%5 > 0 {
			w.fs = w.fs.Crash()
		}
		w.j = open(t, w.fs, w.options)
		got, lost := readAll(t, w.j, w.to[0])
		if len(got) < len(w.want) || !cmp.Equal(got, seqs(1, uint64(len(got)))) || lost.Events > 0 {
			t.Fatalf("seed %d: %d records of %d are there, %v lost: %v", seed, len(got), len(w.want), lost, got)
		}
		w.j.Close()
	}
	if cut < 50 {
		t.Errorf("only %d were cut", cut)
	}
}

// A draft that is used again carries nothing of the group before into the file.
func TestADraftIsUsedAgain(t *testing.T) {
	w := draftInto(t, 1, 1<<20)
	var last *journal.Draft
	again := 0
	for round := range 30 {
		d := w.j.Draft(0, w.next())
		if d.Size() != 0 {
			t.Fatalf("round %d: a new draft has %d bytes", round, d.Size())
		}
		if d == last {
			again++
		}
		w.append(d, w.place(d, w.next(), 1+round%2*100))
		w.written() // complains of what is behind
		w.j.Recycle(d)
		last = d
	}
	if n := w.j.Stats().InPlace; again < 5 || n < 20 { // what is large is not, in a new draft
		t.Errorf("used again %d times; %d groups in place", again, n)
	}
	w.check()
}
