package journal_test

import (
	"bytes"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// Seqs across the borders of integer types, with a new segment and a restart at each.
func TestSeqsNearIntegerLimits(t *testing.T) {
	for _, border := range []uint64{1 << 16, 1 << 31, 1 << 32, 1 << 63} {
		fs := crashfs.New(1)
		j := open(t, fs)
		n := assign(t, j, "a", "b")
		start := border - 60
		for seq := start; seq < border+60; seq += 10 {
			appendAll(t, j, records(seq, 10, n...))
			if seq%30 == 0 {
				j.Close()
				j = open(t, fs)
			}
		}
		expect(t, j, n[0], seqs(start, border+59))
		j.Ack(n[0], journal.Cursor{Seq: border, Totals: journal.Totals{Events: 61}})
		j.Ack(n[1], journal.Cursor{Seq: border - 1})
		compact(t, j)
		r := j.Reader(n[1])
		got, _ := readOn(t, r)
		if !cmp.Equal(got, seqs(border, border+59)) {
			t.Errorf("2^%d: %v", border, got)
		}
		r.Close()
		j.Close()
	}
}

func TestLargeRecords(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	n := assign(t, j, "a")
	var group []journal.Record
	for seq := uint64(1); seq <= 12; seq++ {
		size := []int{0, 1, 4095, 4096, 5000, 300 << 10}[seq%6]
		group = append(group, journal.Record{Seq: seq, Destinations: n, Data: bytes.Repeat([]byte{byte(seq)}, size)})
	}
	for _, r := range group[:6] {
		if err := j.Append([]journal.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Append(group[6:]); err != nil {
		t.Fatal(err)
	}
	fs = fs.Crash()
	j = open(t, fs)
	defer j.Close()
	r := j.Reader(n[0])
	defer r.Close()
	for _, want := range group {
		es, _, err := r.Read(nil, 1, 1)
		if err != nil || len(es) != 1 || es[0].Seq != want.Seq || !bytes.Equal(es[0].Data, want.Data) {
			t.Fatalf("record %d of %d bytes: %v, %v", want.Seq, len(want.Data), len(es), err)
		}
	}
}

func TestReadLimits(t *testing.T) {
	j := open(t, crashfs.New(1))
	defer j.Close()
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(1, 30, n...))
	r := j.Reader(n[0])
	defer r.Close()
	es, _, _ := r.Read(make([]journal.Entry, 2, 10), 3, 1<<20)
	if len(es) != 5 || es[2].Seq != 1 {
		t.Errorf("three behind two: %d", len(es))
	}
	if es, _, _ = r.Read(nil, 100, 1); len(es) != 1 {
		t.Errorf("of one byte: %d", len(es))
	}
	if es, _, _ = r.Read(nil, 100, int64(len(data(5))+1)); len(es) != 2 {
		t.Errorf("of one record and a byte: %d", len(es))
	}
	if es, _, _ = r.Read(nil, 0, 1<<20); len(es) != 0 {
		t.Errorf("none: %d", len(es))
	}
	for _, at := range []uint64{2, 20, 19, 0, 30} {
		c := journal.Cursor{Seq: at}
		for i := uint64(1); i <= at; i++ {
			c.Totals = c.Plus(journal.Totals{Events: 1, Bytes: uint64(len(data(i)))})
		}
		r.Seek(c)
		got, lost := readOn(t, r)
		if !cmp.Equal(got, seqs(at+1, 30)) || lost != (journal.Totals{}) {
			t.Errorf("behind %d: %v, lost %v", at, got, lost)
		}
	}
}

func TestAppendRefusesWhatIsWrong(t *testing.T) {
	j := open(t, crashfs.New(1))
	defer j.Close()
	n := assign(t, j, "a")
	appendAll(t, j, records(5, 2, n...))
	for _, test := range []struct {
		group []journal.Record
		says  string
	}{
		{records(6, 1, n...), "comes after"},
		{append(records(9, 1, n...), records(9, 1, n...)...), "comes after"},
		{records(7, 1, 99), "number 99"},
	} {
		if err := j.Append(test.group); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v", err)
		}
	}
	if _, err := j.Assign([]string{""}); err == nil {
		t.Error("an empty identity")
	}
	expect(t, j, n[0], seqs(5, 6))
}

func TestNumbersAreNeverReused(t *testing.T) {
	fs := crashfs.New(1)
	seen := map[uint32]string{}
	for _, names := range [][]string{{"a", "b"}, {"b", "c"}, {"a"}, {"d", "a", "c"}, {}, {"b"}} {
		j := open(t, fs)
		for i, n := range assign(t, j, names...) {
			if old, ok := seen[n]; ok && old != names[i] {
				t.Errorf("number %d was %s, is %s", n, old, names[i])
			}
			seen[n] = names[i]
		}
		for _, d := range j.Destinations() {
			active := false
			for _, name := range names {
				active = active || name == d.Name
			}
			if d.Active != active {
				t.Errorf("%+v with %v", d, names)
			}
		}
		fs = fs.Crash()
	}
	if len(seen) != 4 {
		t.Errorf("%v", seen)
	}
	j := open(t, fs) // the highest number is d's
	if _, err := j.Drop("d"); err != nil {
		t.Fatal(err)
	}
	fs = fs.Crash()
	j = open(t, fs)
	defer j.Close()
	if n := assign(t, j, "d"); seen[n[0]] != "" {
		t.Errorf("number %d was %s", n[0], seen[n[0]])
	}
}

// A new destination begins at the head: it gets nothing that was there before.
func TestANewDestinationBeginsAtTheHead(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	a := assign(t, j, "a")
	appendAll(t, j, records(1, 10, a...))
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(11, 5, n...))
	expect(t, j, n[1], seqs(11, 15))
	if d := j.Destinations()[1]; d.Accepted.Events != 5 || d.Newest != 15 || d.Oldest.IsZero() {
		t.Errorf("%+v", d)
	}
	fs = fs.Crash()
	j = open(t, fs)
	defer j.Close()
	expect(t, j, n[1], seqs(11, 15))
}

// A disk that cannot be read for a while only delays.
func TestReadErrors(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	defer j.Close()
	n := assign(t, j, "a")
	appendAll(t, j, records(1, 200, n...))
	broken := true
	fs.SetHook(func(op crashfs.Op) crashfs.Fault {
		if broken && (op.Kind == crashfs.ReadAt || op.Kind == crashfs.OpenRead) && op.N%3 == 0 {
			return crashfs.Fault{Err: syscall.EIO}
		}
		return crashfs.Fault{}
	})
	r := j.Reader(n[0])
	defer r.Close()
	var got []uint64
	for range 1000 {
		es, lost, err := r.Read(nil, 10, 1<<20)
		if lost != (journal.Totals{}) || err != nil && !errors.Is(err, syscall.EIO) {
			t.Fatal(lost, err)
		}
		for _, e := range es {
			got = append(got, e.Seq)
		}
	}
	if !cmp.Equal(got, seqs(1, 200)) || j.Stats().ReadErrors == 0 {
		t.Errorf("%v, %+v", got, j.Stats())
	}
}

// What a group left behind that failed does not count, even if it is whole, cannot be cut off, and its Seqs were given to
// other records.
func TestAFailedGroupDoesNotCount(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	n := assign(t, j, "a")
	appendAll(t, j, records(1, 5, n...))
	fs.SetHook(func(op crashfs.Op) crashfs.Fault {
		if op.Kind == crashfs.Sync || op.Kind == crashfs.Truncate {
			return crashfs.Fault{Err: syscall.EIO, Done: op.Kind == crashfs.Sync}
		}
		return crashfs.Fault{}
	})
	failed := []journal.Record{
		{Seq: 6, Destinations: n, Data: []byte("failed")}, {Seq: 7, Destinations: n, Data: []byte("failed")},
		{Seq: 8, Destinations: n, Data: []byte("failed")},
	}
	if err := j.Append(failed); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	fs.SetHook(nil)
	appendAll(t, j, records(6, 1, n...))
	expect(t, j, n[0], seqs(1, 6))
	for range 2 {
		fs = fs.Kill()
		j = open(t, fs)
		expect(t, j, n[0], seqs(1, 6))
	}
	defer j.Close()
	appendAll(t, j, records(7, 2, n...))
	expect(t, j, n[0], seqs(1, 8))
	if !j.Recovery().Clean() {
		t.Errorf("%+v", j.Recovery())
	}
}
