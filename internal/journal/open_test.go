package journal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// otherVersion makes a header of 64 bytes one of another version.
func otherVersion(b []byte) []byte {
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint16(b[8:], 2)
	binary.LittleEndian.PutUint32(b[60:], crc32.Checksum(b[:60], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

func TestForeignAndNewerFilesAreRefused(t *testing.T) {
	f, _ := sample(t, 25)
	first := f.segments()[0]
	for _, test := range []struct {
		name  string
		files files
		says  string
	}{
		{"newer journal", f.with("JOURNAL", otherVersion(f["JOURNAL"])), "use the evhub that wrote it"},
		{"newer segment", f.with(first, otherVersion(f[first])), "use the evhub that wrote it"},
		{"foreign file in the log", f.with("log/notes.txt", []byte("x")), "move it out"},
		{"foreign segment name", f.with("log/1.seg", []byte("x")), "move it out"},
		{"foreign JOURNAL", files{"JOURNAL": bytes.Repeat([]byte("my diary "), 20)}, "directory of its own"},
		{"somebody's directory", files{"thesis.tex": []byte("x")}, "directory of its own"},
	} {
		fs := test.files.disk(t)
		j, err := journal.Open("x", journal.Options{FS: fs, Logger: silent, SaveEvery: -1})
		var refused *journal.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", test.name, err)
		}
		if j != nil {
			j.Close()
		}
		after := filesOf(t, fs)
		if diff := cmp.Diff(test.files, after); diff != "" {
			t.Errorf("%s: files were changed", test.name)
		}
	}
}

func TestSegmentsOfOthersAndCopies(t *testing.T) {
	f, n := sample(t, 25)
	other, _ := sample(t, 25)
	name := f.segments()[1]
	copied := maps.Clone(f)
	copied["log/00000000000000000003.seg"] = f[f.segments()[0]]
	doubled := maps.Clone(f)
	doubled[strings.Replace(f.segments()[0], ".seg", ".1.seg", 1)] = f[f.segments()[0]][:500]
	for what, g := range map[string]files{
		"another journal's": f.with("log/00000000000000000007.seg", other[other.segments()[1]]),
		"a copy":            copied,
		"a double":          doubled,
	} {
		fs := g.disk(t)
		j := open(t, fs)
		if r := j.Recovery(); r.ForeignSegments != 1 || len(r.Quarantined) != 1 {
			t.Errorf("%s: %+v", what, r)
		}
		expect(t, j, n, seqs(1, 25))
		j.Close()
		j = open(t, fs)
		if !j.Recovery().Clean() {
			t.Errorf("%s, again: %+v", what, j.Recovery())
		}
		j.Close()
	}
	// In place of one of ours, its records are lost.
	j := open(t, f.with(name, other[name]).disk(t))
	defer j.Close()
	got, lost := readAll(t, j, n)
	if len(got) == 25 || lost.Events > 25 || j.Recovery().ForeignSegments != 1 {
		t.Errorf("%v, lost %v, %+v", got, lost, j.Recovery())
	}
}

func TestIdentityIsFoundAgain(t *testing.T) {
	f, n := sample(t, 25)
	j := open(t, f.disk(t))
	id := j.ID()
	j.Close()
	for _, content := range [][]byte{nil, f["JOURNAL"][:30], make([]byte, 64), bytes.Repeat([]byte{7}, 64)} {
		g := f.with("JOURNAL", content)
		if content == nil {
			delete(g, "JOURNAL")
		}
		fs := g.disk(t)
		for again := range 2 {
			j := open(t, fs)
			if j.ID() != id || j.Recovery().LostIdentity != (again == 0) {
				t.Errorf("JOURNAL %x: id %s, want %s; %+v", content, j.ID(), id, j.Recovery())
			}
			expect(t, j, n, seqs(1, 25))
			j.Close()
		}
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	j, err := journal.Open(dir, journal.Options{Logger: silent})
	if err != nil {
		t.Fatal(err)
	}
	n := assign(t, j, "a")
	appendAll(t, j, records(1, 10, n...))
	_, err = journal.Open(dir, journal.Options{Logger: silent})
	var locked *disk.LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("second Open: %v", err)
	}
	look, err := journal.Open(dir, journal.Options{Logger: silent, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, look, n[0], seqs(1, 10))
	if _, err := look.Assign([]string{"b"}); !errors.Is(err, journal.ErrReadOnly) {
		t.Error(err)
	}
	if err := look.Append(records(11, 1, n...)); !errors.Is(err, journal.ErrReadOnly) {
		t.Error(err)
	}
	look.Ack(n[0], journal.Cursor{Seq: 5})
	if err := errors.Join(look.Close(), j.Close(), j.Close()); err != nil {
		t.Error(err)
	}
	if err := j.Append(records(11, 1, n...)); !errors.Is(err, journal.ErrClosed) {
		t.Error(err)
	}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode != 0o600 && !d.IsDir() || mode != 0o700 && d.IsDir() {
			t.Errorf("%s has mode %v", path, mode)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A look changes nothing, whatever is wrong.
func TestReadOnlyChangesNothing(t *testing.T) {
	f, _ := sample(t, 33)
	newest := f.segments()[len(f.segments())-1]
	f[newest] = f[newest][:len(f[newest])-30]
	f["cursors"][70] ^= 1
	damaged := bytes.Clone(f[f.segments()[0]])
	damaged[400] ^= 1
	f[f.segments()[0]] = damaged
	f["log/00000000000000000001.seg.tmp"] = []byte("x")
	delete(f, "JOURNAL")
	fs := f.disk(t)
	fs.SetHook(func(op crashfs.Op) crashfs.Fault {
		switch op.Kind {
		case crashfs.Open, crashfs.OpenRead, crashfs.ReadAt, crashfs.Size, crashfs.List:
		default:
			t.Errorf("%v %s", op.Kind, op.Name)
		}
		return crashfs.Fault{}
	})
	j := open(t, fs, func(o *journal.Options) { o.ReadOnly = true })
	for _, d := range j.Destinations() {
		readAll(t, j, d.Number)
	}
	j.Stats()
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	fs.SetHook(nil)
	if diff := cmp.Diff(f, filesOf(t, fs)); diff != "" {
		t.Error(diff)
	}
}

func TestMustExist(t *testing.T) {
	parent := t.TempDir()
	for _, o := range []journal.Options{{MustExist: true}, {ReadOnly: true}} {
		o.Logger = silent
		for _, dir := range []string{parent, filepath.Join(parent, "none")} {
			if _, err := journal.Open(dir, o); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%+v: %v", o, err)
			}
		}
	}
	if entries, err := os.ReadDir(parent); err != nil || len(entries) > 0 {
		t.Errorf("made %v, %v", entries, err)
	}
}
