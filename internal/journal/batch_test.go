package journal_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// stored are data that are encoded already.
type stored []byte

func (s stored) AppendStored(dst []byte) []byte { return append(dst, s...) }

// batch makes a batch of n records with Seqs from first on.
func batch(first uint64, n int, to ...uint32) *journal.Batch {
	b := &journal.Batch{First: first}
	for i := range n {
		b.Add(to, stored(data(first+uint64(i))))
	}
	return b
}

// logSizes are the sizes of the files of the log.
func logSizes(t *testing.T, fs *crashfs.FS) map[string]int {
	t.Helper()
	sizes := map[string]int{}
	for name, text := range filesOf(t, fs) {
		if strings.HasPrefix(name, "log/") {
			sizes[name] = len(text)
		}
	}
	return sizes
}

// Records that are brought in batches are read as those that are not, whoever gets them.
func TestBatchesAreRecordsLikeOthers(t *testing.T) {
	var sizes []map[string]int
	for _, batched := range []bool{false, true} {
		fs := crashfs.New(1)
		j := open(t, fs)
		n := assign(t, j, "a", "b")
		seq := uint64(0)
		for range 40 {
			var err error
			one, two, both := records(seq+1, 3, n[0]), records(seq+4, 2, n[1]), records(seq+6, 1, n...)
			if batched {
				err = j.AppendBatches(nil, batch(seq+1, 3, n[0]), batch(seq+4, 2, n[1]), batch(seq+6, 1, n...))
			} else {
				err = j.Append(append(append(one, two...), both...))
			}
			if err != nil {
				t.Fatal(err)
			}
			seq += 6
		}
		for range 2 {
			var to [2][]uint64
			for first := uint64(1); first <= seq; first += 6 {
				to[0] = append(to[0], first, first+1, first+2, first+5)
				to[1] = append(to[1], first+3, first+4, first+5)
			}
			for i, number := range n {
				expect(t, j, number, to[i])
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			j = open(t, fs)
		}
		for i, d := range j.Destinations() {
			want := []journal.Totals{{Events: 160}, {Events: 120}}[i]
			if got := d.Accepted; got.Events != want.Events || d.Newest != seq {
				t.Errorf("%s: accepted %v, newest %d", d.Name, got, d.Newest)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, logSizes(t, fs))
	}
	if diff := cmp.Diff(sizes[0], sizes[1]); diff != "" {
		t.Error(diff)
	}
}

// A batch that is large is written from where it is, between others that are gathered, and one is used again.
func TestABatchIsUsedAgain(t *testing.T) {
	j := open(t, crashfs.New(1), func(o *journal.Options) { o.SegmentBytes = 8 << 20 })
	defer j.Close()
	n := assign(t, j, "a")
	var all []uint64
	large := stored(strings.Repeat("x", 40<<10))
	b, first, last := &journal.Batch{}, &journal.Batch{}, &journal.Batch{}
	r := j.Reader(n[0])
	defer r.Close()
	for seq := uint64(1); seq < 100; seq += 4 {
		for _, of := range []struct {
			b    *journal.Batch
			seq  uint64
			data []stored
		}{{first, seq, []stored{stored("small")}}, {b, seq + 1, []stored{large, stored("in between")}}, {last, seq + 3, []stored{{}}}} {
			of.b.Reset()
			of.b.First = of.seq
			for _, d := range of.data {
				of.b.Add(n, d)
			}
		}
		if err := j.AppendBatches(nil, first, b, last); err != nil {
			t.Fatal(err)
		}
		all = append(all, seq, seq+1, seq+2, seq+3)
		entries, lost, err := r.Read(nil, 10, 1<<20)
		if err != nil || lost.Events != 0 || len(entries) != 4 {
			t.Fatalf("%d entries, lost %v, %v", len(entries), lost, err)
		}
		for i, want := range []stored{stored("small"), large, stored("in between"), {}} {
			if e := entries[i]; e.Seq != seq+uint64(i) || !bytes.Equal(e.Data, want) {
				t.Errorf("entry %d is %d with %d bytes", i, e.Seq, len(e.Data))
			}
		}
	}
	if got := j.Destinations()[0].Accepted.Events; got != uint64(len(all)) {
		t.Errorf("%d of %d records are accepted", got, len(all))
	}
}

func TestABatchThatIsWrongIsRefused(t *testing.T) {
	j := open(t, crashfs.New(1))
	defer j.Close()
	n := assign(t, j, "a")
	appendAll(t, j, records(1, 5, n...))
	for says, batches := range map[string][]*journal.Batch{
		"record 5 comes after record 5": {batch(5, 1, n...)},
		"record 7 comes after record 8": {batch(6, 3, n...), batch(7, 1, n...)},
		"number 99":                     {batch(6, 1, n...), batch(7, 2, n[0], 99)},
	} {
		if err := j.AppendBatches(nil, batches...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if err := j.AppendBatches(nil, nil...); err != nil {
		t.Error(err)
	}
	expect(t, j, n[0], seqs(1, 5))
}

// What a batch takes depends on what is in it, and not on how many destinations the journal has known.
func TestABatchIsSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b := batch(1, 10, 1<<20)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 {
		t.Errorf("%d records take %d bytes", b.Len(), n)
	}
}

// One draft after the other takes no more memory, however much is placed in it.
func TestDraftsTakeNoMoreMemory(t *testing.T) {
	w := draftInto(t, 1, 1<<20)
	b, text := &journal.Batch{}, make(stored, 200<<10)
	var before, after runtime.MemStats
	const drafts = 200
	runtime.ReadMemStats(&before)
	for range drafts {
		d := w.j.Draft(0, w.next())
		d.Place(b, 1, journal.FrameSize(w.to, len(text)))
		b.Add(w.to, text)
		b.Reset()
		w.j.Recycle(d)
	}
	runtime.ReadMemStats(&after)
	// Each that is not used again costs twice its text; with the race detector that is a quarter of them.
	if n := (after.TotalAlloc - before.TotalAlloc) / drafts; n > uint64(len(text)) {
		t.Errorf("a draft for %d bytes takes %d", len(text), n)
	}
}
