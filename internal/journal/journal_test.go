package journal_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

var silent = slog.New(slog.DiscardHandler)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a journal on fs without anything in the background.
func open(t testing.TB, fs disk.FS, change ...func(*journal.Options)) *journal.Journal {
	t.Helper()
	o := journal.Options{FS: fs, SegmentBytes: 4 << 10, SaveEvery: -1, Logger: silent}
	for _, f := range change {
		f(&o)
	}
	j, err := journal.Open("test", o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func assign(t testing.TB, j *journal.Journal, names ...string) []uint32 {
	t.Helper()
	numbers, err := j.Assign(names)
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}

func data(seq uint64) []byte { return fmt.Appendf(nil, "record %d %*s", seq, seq%50, "") }

// records makes n records with Seqs from first on, all for the same destinations.
func records(first uint64, n int, to ...uint32) []journal.Record {
	rs := make([]journal.Record, n)
	for i := range rs {
		rs[i] = journal.Record{Seq: first + uint64(i), Destinations: to, Data: data(first + uint64(i))}
	}
	return rs
}

func appendAll(t testing.TB, j *journal.Journal, rs []journal.Record) {
	t.Helper()
	for len(rs) > 0 {
		n := min(3, len(rs))
		if err := j.Append(rs[:n]); err != nil {
			t.Fatal(err)
		}
		rs = rs[n:]
	}
}

// readAll reads a destination from its cursor to the end; each entry must be as it was written.
func readAll(t testing.TB, j *journal.Journal, number uint32) (seqs []uint64, lost journal.Totals) {
	t.Helper()
	r := j.Reader(number)
	defer r.Close()
	return readOn(t, r)
}

func readOn(t testing.TB, r *journal.Reader) (seqs []uint64, lost journal.Totals) {
	t.Helper()
	for range 1_000_000 {
		es, l, err := r.Read(nil, 7, 1000)
		if err != nil {
			t.Fatal(err)
		}
		lost = lost.Plus(l)
		if len(es) == 0 && l == (journal.Totals{}) {
			return seqs, lost
		}
		for _, e := range es {
			if diff := cmp.Diff(string(data(e.Seq)), string(e.Data)); diff != "" {
				t.Fatalf("record %d: %s", e.Seq, diff)
			}
			seqs = append(seqs, e.Seq)
		}
	}
	t.Fatal("the reader does not end")
	return nil, lost
}

func seqs(from, to uint64) (s []uint64) {
	for i := from; i <= to; i++ {
		s = append(s, i)
	}
	return s
}

func expect(t testing.TB, j *journal.Journal, number uint32, want []uint64) {
	t.Helper()
	got, lost := readAll(t, j, number)
	if diff := cmp.Diff(want, got); diff != "" || lost != (journal.Totals{}) {
		t.Fatalf("number %d: lost %v, %s", number, lost, diff)
	}
}

func TestRecordsSurviveAndGoOn(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(1, 300, n...))
	appendAll(t, j, records(301, 100, n[1]))
	expect(t, j, n[0], seqs(1, 300))
	expect(t, j, n[1], seqs(1, 400))
	if s := j.Stats(); s.Segments < 5 {
		t.Errorf("only %d segments", s.Segments)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	j = open(t, fs)
	defer j.Close()
	if !j.Recovery().Clean() || j.Recovery().TornBytes != 0 {
		t.Errorf("recovery %+v", j.Recovery())
	}
	if diff := cmp.Diff(n, assign(t, j, "a", "b")); diff != "" {
		t.Error(diff)
	}
	if j.LastSeq() != 400 {
		t.Errorf("LastSeq is %d", j.LastSeq())
	}
	expect(t, j, n[0], seqs(1, 300))
	appendAll(t, j, records(401, 10, n[0]))
	expect(t, j, n[0], append(seqs(1, 300), seqs(401, 410)...))
	expect(t, j, n[1], seqs(1, 400))
}

func TestCursorsSurviveAKillAndLetSegmentsGo(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(1, 300, n...))
	r := j.Reader(n[0])
	defer r.Close()
	var done journal.Cursor
	for done.Seq < 250 {
		es, _, err := r.Read(nil, 10, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range es {
			done = journal.Cursor{Seq: e.Seq, Totals: done.Plus(journal.Totals{Events: 1, Bytes: uint64(len(e.Data))})}
		}
		j.Ack(n[0], done)
	}
	j.Ack(n[1], journal.Cursor{Seq: 240, Totals: done.Totals})
	before := j.Stats().Segments
	if err := j.Compact(); err != nil || j.Stats().Segments != before {
		t.Errorf("segments went before their cursors were on disk: %v, %d of %d", err, j.Stats().Segments, before)
	}
	fs = fs.Kill()
	j = open(t, fs)
	defer j.Close()
	expect(t, j, n[0], seqs(251, 300))
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
	appendAll(t, j, records(301, 1, n[0]))
	if err := j.Compact(); err != nil || j.Stats().Segments >= before {
		t.Errorf("segments stay: %v, %d of %d", err, j.Stats().Segments, before)
	}
	expect(t, j, n[0], seqs(251, 301))
	if got := j.Cursor(n[0]); got != done {
		t.Errorf("cursor %v, want %v", got, done)
	}
}
