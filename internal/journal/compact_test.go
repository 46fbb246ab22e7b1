package journal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// ack moves a cursor to seq, with the totals of records that all are for that number.
func ack(j *journal.Journal, number uint32, seq uint64) {
	c := journal.Cursor{Seq: seq}
	for i := uint64(1); i <= seq; i++ {
		c.Totals = c.Plus(journal.Totals{Events: 1, Bytes: uint64(len(data(i)))})
	}
	j.Ack(number, c)
}

func compact(t testing.TB, j *journal.Journal) {
	t.Helper()
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
	if err := j.Compact(); err != nil {
		t.Fatal(err)
	}
}

// mixed appends n records of which every tenth is for both numbers, the others for the first alone.
func mixed(t testing.TB, j *journal.Journal, n int, to []uint32) (second []uint64) {
	t.Helper()
	rs := records(1, n, to[0])
	for i := 4; i < n; i += 10 {
		rs[i].Destinations = to
		second = append(second, rs[i].Seq)
	}
	appendAll(t, j, rs)
	return second
}

// A dead destination costs about its own bytes.
func TestADeadDestinationPinsLittle(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	n := assign(t, j, "alive", "dead")
	second := mixed(t, j, 2000, n)
	before := j.Stats()
	ack(j, n[0], 2000)
	r := j.Reader(n[1]) // in the middle of what is rewritten
	defer r.Close()
	first, _, err := r.Read(nil, 3, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	compact(t, j)
	after := j.Stats()
	if after.DiskBytes > before.DiskBytes/3 || after.Segments > before.Segments/3 || after.Compactions == 0 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if got, lost := readOn(t, r); lost != (journal.Totals{}) || !cmp.Equal(got, second[len(first):]) {
		t.Errorf("a reader in the middle: lost %v, %v", lost, cmp.Diff(second[len(first):], got))
	}
	expect(t, j, n[1], second)
	expect(t, j, n[0], nil)
	appendAll(t, j, records(2001, 30, n...))
	j.Close()

	j = open(t, fs)
	defer j.Close()
	if !j.Recovery().Clean() {
		t.Errorf("%+v", j.Recovery())
	}
	expect(t, j, n[1], append(second, seqs(2001, 2030)...))
	expect(t, j, n[0], seqs(2001, 2030))
	again := j.Stats().Compactions
	compact(t, j)
	compact(t, j)
	if got := j.Stats().Compactions; got > again+1 {
		t.Errorf("%d rewritings of what was rewritten", got-again)
	}
	expect(t, j, n[1], append(second, seqs(2001, 2030)...))
}

// Each opening that appends makes a segment; small neighbours become one.
func TestSmallSegmentsAreMerged(t *testing.T) {
	fs := crashfs.New(1)
	var n []uint32
	for i := range 40 {
		j := open(t, fs, func(o *journal.Options) { o.SegmentBytes = 1 << 20 })
		n = assign(t, j, "a")
		appendAll(t, j, records(uint64(1+3*i), 3, n...))
		compact(t, j)
		if s := j.Stats().Segments; s > 9 {
			t.Fatalf("%d segments after %d openings", s, i)
		}
		if i%2 == 0 {
			j.Close()
		}
		fs = fs.Kill()
	}
	j := open(t, fs)
	defer j.Close()
	expect(t, j, n[0], seqs(1, 120))
}

// A crash at any operation of a compaction costs nothing.
func TestCrashInCompaction(t *testing.T) {
	for k := 1; ; k++ {
		fs := crashfs.New(uint64(k))
		j := open(t, fs)
		n := assign(t, j, "alive", "dead")
		second := mixed(t, j, 600, n)
		ack(j, n[0], 590)
		if err := j.SyncCursors(); err != nil {
			t.Fatal(err)
		}
		fs.DieAt(k)
		err := j.Compact()
		fs = fs.Crash()
		after := open(t, fs)
		expect(t, after, n[1], second)
		expect(t, after, n[0], seqs(591, 600))
		if r := after.Recovery(); !r.Clean() {
			t.Fatalf("crash at operation %d: %+v", k, r)
		}
		compact(t, after)
		expect(t, after, n[1], second)
		after.Close()
		if err == nil {
			if k < 20 {
				t.Errorf("only %d operations", k)
			}
			return
		}
	}
}

func TestWhatNobodyNeedsIsRemoved(t *testing.T) {
	j := open(t, crashfs.New(1))
	defer j.Close()
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(1, 100, n[1]))
	appendAll(t, j, records(101, 1000, n[0]))
	ack(j, n[0], 1100)
	compact(t, j)
	if s := j.Stats(); s.Segments > 6 {
		t.Errorf("%+v", s)
	}
	expect(t, j, n[1], seqs(1, 100))
	ack(j, n[1], 100)
	compact(t, j)
	if s := j.Stats(); s.Segments > 1 {
		t.Errorf("%+v", s)
	}
	for _, d := range j.Destinations() {
		if d.Accepted.Events != d.Done.Events && d.Number == n[1] || !d.Oldest.IsZero() {
			t.Errorf("%+v", d)
		}
	}
}
