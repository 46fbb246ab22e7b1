package journal_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/internal/journal/segment"
)

// ended makes the files of a closed journal with ten records for a and b. A has settled six, b all.
func ended(t testing.TB) (files, []uint32) {
	t.Helper()
	fs := crashfs.New(1)
	j := open(t, fs, func(o *journal.Options) { o.SegmentBytes = 1 << 20 })
	n := assign(t, j, "a", "b", "c")
	n = append(n[:2:2], assign(t, j, "a", "b")...)[:2] // c was given nothing since
	appendAll(t, j, records(1, 10, n...))
	ack(j, n[0], 6)
	ack(j, n[1], 10)
	closing(t, j)
	return filesOf(t, fs), n
}

// cutBefore cuts off the newest segment in the frame of a record.
func (f files) cutBefore(t testing.TB, seq uint64) files {
	t.Helper()
	newest := f.segments()[len(f.segments())-1]
	at := bytes.Index(f[newest], data(seq))
	if at < 0 {
		t.Fatalf("record %d is not there", seq)
	}
	return f.with(newest, f[newest][:at-20])
}

// withoutLog are the files without any segment.
func (f files) withoutLog() files {
	g := files{}
	for name, content := range f {
		if !strings.HasPrefix(name, "log/") {
			g[name] = content
		}
	}
	return g
}

// What is missing at the end of the log, and which destinations may need it, is known to who opens it and to who looks.
func TestWhoMissesTheEndOfTheLog(t *testing.T) {
	f, n := ended(t)
	for _, test := range []struct {
		name   string
		files  files
		missed uint64
		by     []uint32
	}{
		{"whole", f, 0, nil},
		{"cut behind what a has settled", f.cutBefore(t, 9), 2, n[:1]},
		{"cut before it", f.cutBefore(t, 4), 4, n[:1]},
		{"without any segment", f.withoutLog(), 10, []uint32{n[0], 3}}, // nobody knows any more that c was not active
	} {
		for _, readOnly := range []bool{true, false} {
			j := open(t, test.files.disk(t), func(o *journal.Options) { o.ReadOnly = readOnly })
			r := j.Recovery()
			if r.MissedRecords != test.missed || cmp.Diff(test.by, r.MissedBy) != "" {
				t.Errorf("%s: want %d, missed by %v: %+v", test.name, test.missed, test.by, r)
			}
			j.Close()
		}
	}
}

// With the end of the log the table may be gone by which a destination was configured: it may miss something, too.
func TestWhoWasConfiguredAtTheEndOfTheLog(t *testing.T) {
	for _, known := range []bool{false, true} { // in the table that is left
		fs := crashfs.New(1)
		large := func(o *journal.Options) { o.SegmentBytes = 1 << 20 }
		if known {
			j := open(t, fs, large)
			assign(t, j, "a", "c")
			closing(t, j)
		}
		j := open(t, fs, large)
		a := assign(t, j, "a")
		appendAll(t, j, records(1, 10, a...))
		ack(j, a[0], 10)
		closing(t, j)
		j = open(t, fs, large)
		n := assign(t, j, "a", "c")
		appendAll(t, j, records(11, 10, n[1]))
		appendAll(t, j, records(21, 1, n[0]))
		j.Ack(n[0], journal.Cursor{Seq: 21, Totals: j.Destinations()[0].Accepted})
		closing(t, j)
		f := filesOf(t, fs)
		segments := f.segments()
		delete(f, segments[len(segments)-1])
		fs = f.disk(t)

		look := open(t, fs, large, func(o *journal.Options) { o.ReadOnly = true })
		if c, err := look.Verify(t.Context(), nil); err != nil || c.Clean() {
			t.Errorf("known %v: %v, found are only %+v", known, err, c.Findings)
		}
		closing(t, look)
		j = open(t, fs, large)
		assign(t, j, "a", "c")
		if m := j.Missed(); m.Records != 11 || len(m.Destinations) != 1 || m.Destinations[0].Number != n[1] {
			t.Errorf("known %v: missed are %+v", known, m)
		}
		closing(t, j)
	}
}

// Behind a damaged table nobody knows whether what is not there was settled and unlinked, or has gone: those who may miss it
// are told, but not who has had it.
func TestWhoMayMissWhatADamagedTableKnew(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(1, 5, n...))
	appendAll(t, j, records(6, 200, n[0]))
	ack(j, n[0], 205)
	compact(t, j)
	appendAll(t, j, records(206, 3, n[0]))
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
	f := filesOf(t, fs.Kill())
	segments := slices.DeleteFunc(f.segments(), func(name string) bool { return !strings.HasSuffix(name, ".seg") })
	newest := segments[len(segments)-1]
	f = f.with(newest, flip(f[newest], segment.HeaderSize+segment.FrameHeaderSize+8))
	j = open(t, f.disk(t))
	if r := j.Recovery(); r.LostTables != 1 || r.MissedRecords == 0 || cmp.Diff(n[1:], r.MissedBy) != "" {
		t.Errorf("%+v", r)
	}
	closing(t, j)
}

// Once everybody who may miss something is beyond it, or the log goes on behind it, it is no news.
func TestWhatIsMissedIsToldUntilItIsPassed(t *testing.T) {
	for name, on := range map[string]func(*journal.Journal, []uint32){
		"passed":   func(j *journal.Journal, n []uint32) { j.PassMissed(n[0]) },
		"appended": func(j *journal.Journal, n []uint32) { appendAll(t, j, records(11, 1, n...)) },
	} {
		f, n := ended(t)
		fs := f.cutBefore(t, 9).disk(t)
		closing(t, open(t, fs))
		j := open(t, fs)
		if m := j.Missed(); m.Records != 2 || len(m.Destinations) != 1 || m.Destinations[0].Name != "a" || j.LastSeq() != 10 {
			t.Errorf("%s: missed are %+v, the last is %d", name, m, j.LastSeq())
		}
		on(j, n)
		closing(t, j)
		j = open(t, fs)
		if m := j.Missed(); m.Records != 0 || m.Destinations != nil || j.Cursor(n[0]).Events != 6 {
			t.Errorf("%s: missed are still %+v; a has settled %+v", name, m, j.Cursor(n[0]))
		}
		closing(t, j)
	}
}

// Who looks while another process appends does not take what came meanwhile for missing.
func TestNothingIsMissedWhileTheLogGrows(t *testing.T) {
	for n := 1; n < 4; n++ {
		fs := crashfs.New(1)
		j := open(t, fs)
		num := assign(t, j, "a")
		appendAll(t, j, records(1, 10, num...))
		b := &betweenFS{FS: fs, name: firstSegment(t, fs), n: n}
		b.then = func() {
			appendAll(t, j, records(11, 200, num...)) // in other segments, too
			if err := j.SyncCursors(); err != nil {
				t.Error(err)
			}
		}
		look := open(t, b, func(o *journal.Options) { o.ReadOnly = true })
		if r := look.Recovery(); !r.Clean() || b.then != nil {
			t.Errorf("read %d: appended %v: %+v", n, b.then == nil, r)
		}
		closing(t, look)
		closing(t, j)
	}
}

// A bad record in a segment that was not ended is missed, too: no table says for whom it was. One that was ended says it.
func TestWhoMissesABadRecord(t *testing.T) {
	for _, closed := range []bool{false, true} {
		fs := crashfs.New(1)
		j := open(t, fs, func(o *journal.Options) { o.SegmentBytes = 1 << 20 })
		n := assign(t, j, "a")
		appendAll(t, j, records(1, 10, n...))
		missed, told := uint64(1), uint64(0)
		if closed {
			closing(t, j)
			missed, told = 0, 1
		} else if err := j.SyncCursors(); err != nil {
			t.Fatal(err)
		}
		f := filesOf(t, fs.Kill())
		newest := f.segments()[0]
		j = open(t, f.with(newest, flip(f[newest], bytes.Index(f[newest], data(5)))).disk(t))
		got, lost := readAll(t, j, n[0])
		if r := j.Recovery(); len(got) != 9 || lost.Events != told || r.MissedRecords != missed {
			t.Errorf("closed %v: read %v, lost %+v: %+v", closed, got, lost, r)
		}
		closing(t, j)
	}
}
