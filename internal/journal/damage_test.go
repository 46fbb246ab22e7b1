package journal_test

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// files is the content of a directory, by name.
type files map[string][]byte

// filesOf returns what a journal has on disk.
func filesOf(t testing.TB, fs *crashfs.FS) files {
	t.Helper()
	all := files{}
	for _, dir := range []string{".", "log"} {
		infos, err := fs.List(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range infos {
			name := path.Join(dir, info.Name)
			if info.Dir || name == "LOCK" {
				continue
			}
			if all[name], err = fs.Content(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// disk is a file system with these files.
func (f files) disk(t testing.TB) *crashfs.FS {
	t.Helper()
	fs := crashfs.New(1)
	if err := fs.MkdirAll("log"); err != nil {
		t.Fatal(err)
	}
	for name, content := range f {
		if err := fs.Put(name, content); err != nil {
			t.Fatal(err)
		}
	}
	return fs
}

// with returns the files with another content for one of them.
func (f files) with(name string, content []byte) files {
	g := maps.Clone(f)
	g[name] = content
	return g
}

// segments returns the names of the segments, oldest first.
func (f files) segments() (names []string) {
	for name := range f {
		if strings.HasPrefix(name, "log/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// checkSubset opens damaged files: everything but at most `most` records must be there, in order. To write, too, takes
// longer.
func checkSubset(t *testing.T, what string, f files, n uint32, last uint64, most int, write bool) (missing int, r journal.Recovery) {
	t.Helper()
	j := open(t, f.disk(t), func(o *journal.Options) { o.ReadOnly = !write })
	defer j.Close()
	got, lost := readAll(t, j, n)
	if !slices.IsSorted(got) {
		t.Fatalf("%s: not in order: %v", what, got)
	}
	missing = int(last) - len(got)
	if missing > most || missing < 0 {
		t.Fatalf("%s: %d records are missing: %v; %+v", what, missing, got, j.Recovery())
	}
	if int(lost.Events) > missing {
		t.Fatalf("%s: %v lost, but %d missing", what, lost, missing)
	}
	if !write {
		return missing, j.Recovery()
	}
	if again := assign(t, j, "a", "b"); again[0] != n {
		t.Fatalf("%s: the number is %d", what, again[0])
	}
	if err := j.Append(records(j.LastSeq()+1, 2, n)); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if more, _ := readAll(t, j, n); len(more) != len(got)+2 {
		t.Fatalf("%s: %d records and two more are %d", what, len(got), len(more))
	}
	return missing, j.Recovery()
}

// sample makes a journal with several segments, the newest of which is not sealed, as after a kill.
func sample(t testing.TB, count int) (files, uint32) {
	t.Helper()
	fs := crashfs.New(1)
	j := open(t, fs, func(o *journal.Options) { o.SegmentBytes = 1 << 10 })
	n := assign(t, j, "a", "b")
	for seq := 1; seq <= count; seq++ {
		appendAll(t, j, records(uint64(seq), 1, n...))
	}
	fs = fs.Kill()
	f := filesOf(t, fs)
	newest := f.segments()[len(f.segments())-1]
	f[newest] = bytes.TrimRight(f[newest], "\x00")
	f[newest] = append(f[newest], make([]byte, 8+(-len(f[newest])&7))...)
	return f, n[0]
}

// One flipped bit anywhere costs at most the record that it hits, and is noticed.
func TestEveryByteFlipped(t *testing.T) {
	f, n := sample(t, 33)
	if len(f.segments()) < 3 {
		t.Fatalf("only %v", f.segments())
	}
	for name, content := range f {
		for i, c := range content {
			if c == 0 && i%16 != 0 || testing.Short() && i%5 != 0 {
				continue // most of the cursors are unused
			}
			damaged := bytes.Clone(content)
			damaged[i] ^= 1 << (i % 8)
			missing, r := checkSubset(t, fmt.Sprintf("%s, byte %d", name, i), f.with(name, damaged), n, 33, 1, i%8 == 0)
			if missing > 0 && r.BadFrames == 0 && r.TornBytes == 0 && name == f.segments()[len(f.segments())-1] {
				t.Fatalf("%s, byte %d: nothing was told", name, i)
			}
		}
	}
}

// The newest segment cut off anywhere loses what is behind the cut, and nothing is wrong with that.
func TestEveryCutOfTheNewestSegment(t *testing.T) {
	f, n := sample(t, 25)
	newest := f.segments()[len(f.segments())-1]
	content := f[newest]
	for size := range content {
		for _, tail := range [][]byte{nil, bytes.Repeat([]byte{0xa7}, 100), make([]byte, 5000)} {
			what := fmt.Sprintf("cut to %d of %d bytes, and %d more", size, len(content), len(tail))
			cut := append(bytes.Clone(content[:size]), tail...)
			_, r := checkSubset(t, what, f.with(newest, cut), n, 25, 11, size%8 == 0)
			if !r.Clean() {
				t.Fatalf("%s: %+v", what, r)
			}
		}
	}
}

func TestMissingSegments(t *testing.T) {
	f, n := sample(t, 60)
	names := f.segments()
	for i := range len(names) - 1 {
		g := maps.Clone(f)
		delete(g, names[i])
		j := open(t, g.disk(t))
		got, lost := readAll(t, j, n)
		if len(got)+int(lost.Events) != 60 || lost.Events == 0 || j.Recovery().MissingSegments != 1 {
			t.Errorf("without %s: %d records and %v lost, %+v", names[i], len(got), lost, j.Recovery())
		}
		j.Close()
	}
	j := open(t, files{"JOURNAL": f["JOURNAL"], "cursors": f["cursors"]}.disk(t))
	defer j.Close()
	if again := assign(t, j, "b", "a"); again[1] != n {
		t.Errorf("without any segment the numbers are %v", again)
	}
}

// What is lost in the middle is counted, once, before what comes after it.
func TestDamageInASealedSegmentIsCountedExactly(t *testing.T) {
	f, n := sample(t, 60)
	name := f.segments()[1]
	for _, length := range []int{1, 100, 300, 700} {
		damaged := bytes.Clone(f[name])
		from := 300
		for i := from; i < min(from+length, len(damaged)); i++ {
			damaged[i] ^= 0x55
		}
		fs := f.with(name, damaged).disk(t)
		j := open(t, fs)
		r := j.Reader(n)
		got, lost := readOn(t, r)
		if len(got)+int(lost.Events) != 60 || lost.Events == 0 {
			t.Errorf("%d bytes: %d records, %v lost", length, len(got), lost)
		}
		if s := j.Stats(); s.BadFrames == 0 {
			t.Errorf("%d bytes: %+v", length, s)
		}
		if infos, err := fs.List("quarantine"); err != nil || len(infos) == 0 {
			t.Errorf("nothing in quarantine: %v, %v", infos, err)
		}
		r.Close()
		j.Close()
	}
}

func TestCursorSlots(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs)
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(1, 50, n...))
	for _, seq := range []uint64{10, 20, 30} {
		ack(j, n[0], seq)
		ack(j, n[1], seq)
		if err := j.SyncCursors(); err != nil {
			t.Fatal(err)
		}
	}
	fs = fs.Kill()
	f := filesOf(t, fs)
	spoil := func(pages ...int) files {
		c := bytes.Clone(f["cursors"])
		for _, p := range pages {
			c[p*4096+int(n[0])*64+20] ^= 1
		}
		return f.with("cursors", c)
	}
	for _, test := range []struct {
		name   string
		files  files
		lost   int
		behind uint64
	}{
		{"whole", f, 0, 30},
		{"first slot", spoil(0), 0, 20},
		{"second slot", spoil(1), 0, 20},
		{"both slots", spoil(0, 1), 1, 0},
		{"no file", func() files { g := maps.Clone(f); delete(g, "cursors"); return g }(), 2, 0},
		{"half a file", f.with("cursors", f["cursors"][:4096]), 0, 20},
		{"another's", f.with("cursors", otherCursors(t)), 2, 0},
	} {
		j := open(t, test.files.disk(t))
		if lost := j.Recovery().LostCursors; len(lost) != test.lost {
			t.Errorf("%s: lost %v", test.name, lost)
		}
		got, lost := readAll(t, j, n[0])
		if lost != (journal.Totals{}) || len(got) == 0 || got[0] > 31 || got[0] <= test.behind || got[len(got)-1] != 50 {
			t.Errorf("%s: read %v, lost %v", test.name, got, lost)
		}
		j.Close()
	}
}

// otherCursors are those of another journal, far ahead.
func otherCursors(t *testing.T) []byte {
	fs := crashfs.New(9)
	j := open(t, fs)
	n := assign(t, j, "a", "b")
	appendAll(t, j, records(1, 45, n...))
	ack(j, n[0], 45)
	ack(j, n[1], 45)
	j.Close()
	return filesOf(t, fs)["cursors"]
}

// A disk that lied may have less of the log than of the cursors.
func TestCursorsBeyondTheEnd(t *testing.T) {
	f, n := sample(t, 25)
	j := open(t, f.disk(t))
	ack(j, n, 25)
	j.Close()
	newest := f.segments()[len(f.segments())-1]
	fs := f.disk(t)
	j = open(t, fs)
	ack(j, n, 25)
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
	fs = fs.Kill()
	g := filesOf(t, fs)
	g[newest] = g[newest][:300]
	j = open(t, g.disk(t))
	defer j.Close()
	if j.LastSeq() != 25 {
		t.Errorf("LastSeq is %d", j.LastSeq())
	}
	if err := j.Append(records(26, 3, n)); err != nil {
		t.Fatal(err)
	}
	expect(t, j, n, seqs(26, 28))
}

// What is missing at the end is known when the end of the log was saved, though no destination has got that far.
func TestTheEndOfTheLogIsKnown(t *testing.T) {
	fs := crashfs.New(1)
	j := open(t, fs, func(o *journal.Options) { o.SegmentBytes = 1 << 20 })
	n := assign(t, j, "a", "b")
	if err := j.Append(records(1, 10, n...)); err != nil {
		t.Fatal(err)
	}
	if err := j.SyncCursors(); err != nil {
		t.Fatal(err)
	}
	f := filesOf(t, fs.Kill())
	newest := f.segments()[0]
	content := bytes.TrimRight(f[newest], "\x00")
	for _, test := range []struct {
		name         string
		content      []byte
		records, bad int
	}{
		{"whole", content, 10, 0},
		{"cut in the last record", content[:len(content)-20], 9, 0},
		{"bad byte in the fifth record", flip(content, bytes.Index(content, data(5))), 9, 1},
	} {
		j := open(t, f.with(newest, append(bytes.Clone(test.content), make([]byte, 8)...)).disk(t))
		r := j.Recovery()
		got, _ := readAll(t, j, n[0])
		if len(got) != test.records || int(r.LostRecords) != 10-test.records || r.BadFrames < test.bad {
			t.Errorf("%s: %v, %+v", test.name, got, r)
		}
		if j.LastSeq() != 10 {
			t.Errorf("%s: LastSeq is %d", test.name, j.LastSeq())
		}
		j.Close()
	}
}

func flip(content []byte, at int) []byte {
	b := bytes.Clone(content)
	b[at] ^= 1
	return b
}
