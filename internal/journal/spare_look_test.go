package journal_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// betweenFS calls then once, after the n-th read of the file name through it.
type betweenFS struct {
	disk.FS
	mu   sync.Mutex
	name string
	n    int
	then func()
}

type betweenFile struct {
	disk.File
	fs   *betweenFS
	name string
}

func (b *betweenFS) OpenRead(name string) (disk.File, error) {
	f, err := b.FS.OpenRead(name)
	if err != nil {
		return nil, err
	}
	return betweenFile{f, b, name}, nil
}

func (b betweenFile) ReadAt(p []byte, o int64) (int, error) {
	n, err := b.File.ReadAt(p, o)
	b.fs.mu.Lock()
	defer b.fs.mu.Unlock()
	if b.fs.then != nil && b.name == b.fs.name {
		if b.fs.n--; b.fs.n == 0 {
			then := b.fs.then
			b.fs.then = nil
			then()
		}
	}
	return n, err
}

// firstSegment is the file of the oldest segment.
func firstSegment(t *testing.T, fs *crashfs.FS) string {
	t.Helper()
	infos, err := fs.List("log")
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range infos {
		if strings.HasSuffix(i.Name, ".seg") {
			return "log/" + i.Name
		}
	}
	t.Fatal("none")
	return ""
}

// look reads the header, the file is used again, look reads the table.
func TestLookWhileAFileIsUsedAgain(t *testing.T) {
	f := crashfs.New(1)
	j := open(t, f)
	defer j.Close()
	n := assign(t, j, "a")
	appendAll(t, j, records(1, 1, n...))
	rollOver(t, j, n[0])
	b := &betweenFS{FS: f, name: firstSegment(t, f), n: 1}
	b.then = func() {
		settle(t, j, n...)
		if err := j.Compact(); err != nil {
			t.Error(err)
		}
		rollOver(t, j, n[0])
		if j.Stats().Reused != 1 {
			t.Error("not used again")
		}
	}
	ro := open(t, b, func(o *journal.Options) { o.ReadOnly = true })
	defer ro.Close()
	if r := ro.Recovery(); !r.Clean() {
		t.Errorf("%+v", r)
	}
}

// Verify looks at the segments while one is written over.
func TestVerifyLookWhileAFileIsUsedAgain(t *testing.T) {
	f := crashfs.New(1)
	j := open(t, f)
	defer j.Close()
	n := assign(t, j, "a")
	appendAll(t, j, records(1, 1, n...))
	rollOver(t, j, n[0])
	b := &betweenFS{FS: f, name: firstSegment(t, f)}
	ro := open(t, b, func(o *journal.Options) { o.ReadOnly = true })
	defer ro.Close()
	b.n = 1
	b.then = func() {
		settle(t, j, n...)
		if err := j.Compact(); err != nil {
			t.Error(err)
		}
		appendAll(t, j, records(j.LastSeq()+1, 30, n...))
		rollOver(t, j, n[0])
		rollOver(t, j, n[0])
	}
	c, err := ro.Verify(t.Context(), nil)
	if err != nil || len(c.Findings) > 0 {
		t.Errorf("%v %+v", err, c.Findings)
	}
}

// The newest segment is written over while a process that looks replays it.
func TestReplayWhileAFileIsUsedAgain(t *testing.T) {
	for n := 3; n < 8; n++ {
		f := crashfs.New(1)
		large := func(o *journal.Options) { o.SegmentBytes = 1 << 20 }
		j := open(t, f, large)
		num := assign(t, j, "a")
		put := func(k int) {
			for range k {
				rs := records(j.LastSeq()+1, 1, num...)
				rs[0].Data = bytes.Repeat([]byte("x"), 10000)
				if err := j.Append(rs); err != nil {
					t.Fatal(err)
				}
			}
		}
		put(90)
		b := &betweenFS{FS: f, name: firstSegment(t, f), n: n}
		b.then = func() {
			put(30) // another segment
			settle(t, j, num...)
			if err := j.Compact(); err != nil {
				t.Error(err)
			}
			put(190) // and over the first
			if j.Stats().Reused == 0 {
				t.Error("not used again")
			}
		}
		ro, err := journal.Open("test", journal.Options{FS: b, ReadOnly: true, Logger: silent, SegmentBytes: 1 << 20})
		if err != nil {
			t.Errorf("read %d: %v", n, err)
		} else {
			if r := ro.Recovery(); !r.Clean() || b.then != nil {
				t.Errorf("read %d: %+v; written over: %v", n, r, b.then == nil)
			}
			_ = ro.Close()
		}
		_ = j.Close()
	}
}
