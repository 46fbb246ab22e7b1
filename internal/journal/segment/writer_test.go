package segment_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/internal/journal/segment"
)

// places are the file systems that a writer must work on.
var places = map[string]func(t *testing.T) disk.FS{
	"direct": func(*testing.T) disk.FS { return crashfs.New(1) },
	"refused": func(*testing.T) disk.FS {
		fs := crashfs.New(1)
		fs.RefuseDirect(true)
		return fs
	},
	"cached": func(*testing.T) disk.FS { return onlyCached{crashfs.New(1)} },
	"os": func(t *testing.T) disk.FS {
		o, err := disk.NewOS(t.TempDir() + "/journal")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { o.Close() })
		return o
	},
}

// onlyCached has files that are no disk.DirectFile.
type onlyCached struct{ disk.FS }

func (f onlyCached) Create(name string) (disk.File, error) { return hideDirect(f.FS.Create(name)) }
func (f onlyCached) Open(name string) (disk.File, error)   { return hideDirect(f.FS.Open(name)) }

func hideDirect(file disk.File, err error) (disk.File, error) {
	return struct{ disk.File }{file}, err
}

// watched notes the writes to the files that it makes.
type watched struct {
	disk.FS
	writes *[]written
}

type written struct {
	from, to int64
	direct   bool
}

func watch(fs disk.FS) watched { return watched{FS: fs, writes: new([]written)} }

func (f watched) Create(name string) (disk.File, error) {
	file, err := f.FS.Create(name)
	if err != nil {
		return nil, err
	}
	return &watchedFile{DirectFile: file.(disk.DirectFile), writes: f.writes}, nil
}

type watchedFile struct {
	disk.DirectFile
	writes *[]written
}

func (f *watchedFile) WriteAt(b []byte, offset int64) (int, error) {
	*f.writes = append(*f.writes, written{from: offset, to: offset + int64(len(b))})
	return f.DirectFile.WriteAt(b, offset)
}

func (f *watchedFile) WriteDirect(b []byte, offset int64) (int, error) {
	*f.writes = append(*f.writes, written{from: offset, to: offset + int64(len(b)), direct: true})
	return f.DirectFile.WriteDirect(b, offset)
}

// randomBody has from 1 byte to 3 MiB, small ones as often as large ones. It repeats nothing from block to block.
func randomBody(r *rand.Rand) []byte {
	n := 1 + r.IntN(min(3<<20, 2<<r.IntN(22)))
	pattern := make([]byte, 251)
	for i := range pattern {
		pattern[i] = byte(r.Uint32())
	}
	return bytes.Repeat(pattern, n/len(pattern)+1)[:n]
}

// plain makes a segment in memory, one frame behind the other.
type plain struct {
	content []byte
	seq     uint64
}

func newPlain(t testing.TB) *plain {
	return &plain{content: write(t, 0)[:segment.HeaderSize:segment.HeaderSize], seq: 7}
}

// addGroup adds some frames to w and to p: each on its own, all at once, or in place.
func (p *plain) addGroup(w *segment.Writer, r *rand.Rand) {
	flags, way := segment.First, r.IntN(3)
	start, first, frames := len(p.content), p.seq, []byte(nil)
	for range 1 + r.IntN(6) {
		body := randomBody(r)
		p.content = header.Seed().AppendFrame(p.content, segment.Event, flags, p.seq, nil, body)
		if way == 0 {
			w.Add(segment.Event, flags, p.seq, body[:len(body)/2], body[len(body)/2:])
		} else {
			frames = segment.EndFrame(append(segment.BeginFrame(frames), body...), len(frames), segment.Event)
		}
		p.seq++
		flags = 0
	}
	switch {
	case way == 2 && len(frames) <= 2<<20:
		w.WriteInPlace(blocksWith(w, p.content[start:]))
	case way > 0:
		w.AddFrames(frames, segment.First, first)
	}
}

// blocksWith returns frames where they will be in the file of w. Around them is what must not get there.
func blocksWith(w *segment.Writer, frames []byte) []byte {
	from := int(w.Size() % disk.Block)
	b := disk.Blocks(from + len(frames))
	copy(b[:cap(b)], bytes.Repeat([]byte("old "), cap(b)/4))
	copy(b[from:], frames)
	return b
}

// seal adds the frame that Seal adds behind what is durable.
func (p *plain) seal() {
	p.content = header.Seed().AppendFrame(p.content, segment.End, segment.First, p.seq-1, nil, nil)
}

// upTo reads a file from an offset to another.
func upTo(t *testing.T, file io.ReaderAt, from, to int64) []byte {
	t.Helper()
	b := make([]byte, to-from)
	if n, err := file.ReadAt(b, from); n < len(b) || (err != nil && !errors.Is(err, io.EOF)) {
		t.Fatalf("read from %d to %d: %d, %v", from, to, n, err)
	}
	return b
}

// wantBytes says where two contents differ.
func wantBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	t.Fatalf("%s: %d bytes, want %d; they differ from %d on", what, len(got), len(want), at)
}

// The file is what a plain concatenation of header and frames gives, whatever the sizes and however it is written.
func TestWriterConcatenates(t *testing.T) {
	for place, fs := range places {
		for _, prepare := range []string{"unprepared", "reserved", "zeros"} {
			for _, old := range []int{-1, 5000, 9 << 20} {
				t.Run(fmt.Sprintf("%s/%s/over %d", place, prepare, old), func(t *testing.T) {
					t.Parallel()
					seed := rand.NewPCG(uint64(old), uint64(len(place+prepare)))
					concatenate(t, fs(t), prepare, old, rand.New(seed))
				})
			}
		}
	}
}

// open makes a new segment, or writes one over old content.
func open(t *testing.T, fs disk.FS, old int) *segment.Writer {
	t.Helper()
	if old < 0 {
		w, err := segment.Create(fs, "s", header)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	file, err := fs.Create("s")
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteAt(bytes.Repeat([]byte("old "), old/4), 0)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		t.Fatal(err)
	}
	w, err := segment.Reuse(fs, "s", header)
	if err != nil {
		t.Fatal(err)
	}
	if w.Room() != int64(old) {
		t.Fatalf("a reused file of %d bytes has room up to %d", old, w.Room())
	}
	return w
}

func concatenate(t *testing.T, fs disk.FS, prepare string, old int, r *rand.Rand) {
	t.Helper()
	w := open(t, fs, old)
	p := newPlain(t)
	for range 8 {
		before := max(0, w.Size()-2*disk.Block)
		if prepare != "unprepared" {
			if err := w.Prepare(r.Int64N(4<<20), r.Int64N(1<<20), prepare == "zeros"); err != nil {
				t.Fatal(err)
			}
		}
		p.addGroup(w, r)
		end := []func() error{w.Sync, w.Flush}[r.IntN(2)]
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if size := int64(len(p.content)); w.Size() != size {
			t.Fatalf("Size %d, want %d", w.Size(), size)
		}
		wantBytes(t, "group", upTo(t, w.File(), before, w.Size()), p.content[before:])
		wantRoom(t, w, old < 0)
	}
	p.seal()
	if err := w.Seal(p.seq-1, nil); err != nil {
		t.Fatal(err)
	}
	wantBytes(t, "sealed", upTo(t, w.File(), 0, w.Size()), p.content)
	if size, err := w.File().Size(); err != nil || size != w.Size() || w.Room() != size {
		t.Errorf("a sealed file has %d bytes and room up to %d, want %d; %v", size, w.Room(), w.Size(), err)
	}
	if err := errors.Join(w.Close(), fs.Remove("s")); err != nil {
		t.Fatal(err)
	}
}

// wantRoom checks that the file ends where the room ends, and that it is empty if it never held anything.
func wantRoom(t *testing.T, w *segment.Writer, empty bool) {
	t.Helper()
	size, err := w.File().Size()
	if err != nil || size != max(w.Room(), w.Size()) {
		t.Fatalf("%d bytes, with room up to %d and %d written; %v", size, w.Room(), w.Size(), err)
	}
	if rest := upTo(t, w.File(), w.Size(), size); empty && len(bytes.Trim(rest, "\x00")) > 0 {
		t.Fatal("behind the last frame are no zeros")
	}
}

// No write makes the system read a block to change it: it begins with one, and ends with one if there is room.
func TestWritesAreWholeBlocks(t *testing.T) {
	fs := watch(crashfs.New(1))
	w, err := segment.Create(fs, "s", header)
	if err == nil {
		err = w.Prepare(40<<20, 0, false)
	}
	for n := 1; n < 80; n++ {
		for range n {
			w.Add(segment.Event, 0, 1, nil, make([]byte, 100))
		}
		err = errors.Join(err, w.Flush())
	}
	r, p := rand.New(rand.NewPCG(1, 2)), newPlain(t)
	for err == nil && w.Size() < 30<<20 {
		p.addGroup(w, r)
		err = errors.Join(err, w.Sync())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range *fs.writes {
		if v.from%disk.Block != 0 || v.to%disk.Block != 0 || v.direct != (v.to-v.from >= 64<<10) || v.to-v.from > 6<<20 {
			t.Fatalf("write from %d to %d, direct: %v", v.from, v.to, v.direct)
		}
	}
}

// frameOf is one frame of n bytes with its header.
func frameOf(n int64) []byte {
	body := bytes.Repeat([]byte("x"), int(n-segment.FrameHeaderSize))
	return segment.EndFrame(append(segment.BeginFrame(nil), body...), 0, segment.Event)
}

// What is written, to the byte, for groups at the borders.
func TestWhatIsWritten(t *testing.T) {
	const block, large, gather = disk.Block, 64 << 10, 2 << 20
	for name, test := range map[string]struct {
		room   int64
		refuse bool
		groups []int64 // the second is written behind the header and the first
		want   []written
	}{
		"small": {room: 1 << 20, groups: []int64{1000, 1000}, want: []written{{0, block, false}, {0, block, false}}},
		"exact": {
			room: 1 << 20, groups: []int64{block - 64, 104},
			want: []written{{0, block, false}, {block, 2 * block, false}},
		},
		"large": {
			room: 1 << 20, groups: []int64{large - 64, large - block, large - block + 8},
			want: []written{{0, large, true}, {large, 2*large - block, false}, {2*large - block, 3*large - block, true}},
		},
		"no room": {
			groups: []int64{large, large},
			want:   []written{{0, large + 64, false}, {large, 2*large + 64, false}},
		},
		"large, through the cache": { // tried once
			room: 1 << 20, groups: []int64{large, large}, refuse: true,
			want: []written{
				{0, large + block, true}, {0, large + block, false}, {large, 2*large + block, false},
			},
		},
		"gathered": {
			room: 4 << 20, groups: []int64{gather - 64, gather},
			want: []written{{0, gather, true}, {gather, 2 * gather, true}},
		},
		"more than is gathered": {
			room: 8 << 20, groups: []int64{gather, 2*gather + 1000},
			want: []written{
				{0, gather, true}, {gather, gather + block, false},
				{gather, 2 * gather, true}, {2 * gather, 3 * gather, true}, {3 * gather, 3*gather + block, false},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inner := crashfs.New(1)
			inner.RefuseDirect(test.refuse)
			fs := watch(inner)
			w, err := segment.Create(fs, "s", header)
			if err == nil && test.room > 0 {
				err = w.Prepare(test.room, 0, false)
			}
			for _, n := range test.groups {
				w.AddFrames(frameOf(n), segment.First, 7)
				err = errors.Join(err, w.Flush(), w.Flush())
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, *fs.writes, cmp.AllowUnexported(written{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is prepared ends with a block, also behind a file that does not.
func TestRoomIsWholeBlocks(t *testing.T) {
	for old, want := range map[int]int64{-1: disk.Block, 1000: disk.Block, 5000: 2 * disk.Block} {
		w := open(t, crashfs.New(1), old)
		if err := w.Prepare(max(100, int64(old)), 0, true); err != nil {
			t.Fatal(err)
		}
		size, err := w.File().Size()
		if err != nil || size != want || w.Room() != want {
			t.Errorf("over %d bytes: %d bytes, with room up to %d, want %d; %v", old, size, w.Room(), want, err)
		}
	}
}

// Who reads a segment while it is written sees every frame up to what was flushed.
func TestReadWhileItIsWritten(t *testing.T) {
	for place, fs := range places {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			w := open(t, fs(t), 1<<20)
			defer w.Close()
			sizes := make(chan int64)
			var done sync.WaitGroup
			for range 2 {
				done.Go(func() { readAll(t, w.File(), sizes) })
			}
			var frames []byte
			for seq := uint64(1); seq < 60; seq++ {
				frames = segment.EndFrame(append(segment.BeginFrame(frames[:0]), bytes.Repeat([]byte{byte(seq)}, int(seq*seq*77))...), 0, segment.Event)
				w.AddFrames(frames, segment.First, seq)
				if err := w.Flush(); err != nil {
					t.Error(err)
					break
				}
				sizes <- w.Size()
			}
			close(sizes)
			done.Wait()
		})
	}
}

// readAll reads all frames of a file up to each size.
func readAll(t *testing.T, file io.ReaderAt, sizes <-chan int64) {
	for size := range sizes {
		s := segment.NewScanner(file, header.Seed(), segment.HeaderSize, size)
		seq := uint64(1)
		for ; s.Next(); seq++ {
			if f := s.Frame(); f.Seq != seq || !bytes.Equal(f.Payload, bytes.Repeat([]byte{byte(seq)}, int(seq*seq*77))) {
				t.Errorf("frame %d, want %d", f.Seq, seq)
			}
		}
		if s.Err() != nil || len(s.Bad()) > 0 || s.Offset() != size {
			t.Errorf("to %d of %d: %v, %v", s.Offset(), size, s.Bad(), s.Err())
		}
	}
}

// A large write that fails finishes the file, in the middle of a group as at its end.
func TestWriterAfterAFailedDirectWrite(t *testing.T) {
	for size, wantSize := range map[int64]int64{100 << 10: 5064, 9 << 20: 2<<20 + disk.Block} {
		fs := crashfs.New(1)
		w := open(t, fs, 16<<20)
		w.AddFrames(frameOf(5000), segment.First, 1)
		if err := w.Sync(); err != nil {
			t.Fatal(err)
		}
		good, writes := w.Size(), 0
		fs.SetHook(func(op crashfs.Op) crashfs.Fault {
			if op.Kind == crashfs.WriteAt {
				writes++
			}
			if op.Direct && (size < 1<<20 || writes == 2) {
				return crashfs.Fault{Err: syscall.EIO, Short: op.Len / 3}
			}
			return crashfs.Fault{}
		})
		w.AddFrames(frameOf(size), segment.First, 2)
		if err := w.Sync(); !errors.Is(err, syscall.EIO) || !errors.Is(w.Err(), syscall.EIO) {
			t.Errorf("Sync: %v, Err: %v", err, w.Err())
		}
		if w.Size() != wantSize {
			t.Errorf("Size %d counts what was not written, want %d", w.Size(), wantSize)
		}
		failed := writes
		w.AddFrames(frameOf(size), segment.First, 3)
		w.Add(segment.Event, 0, 4, nil, nil)
		w.WriteInPlace(blocksWith(w, frameOf(size)))
		if w.Flush() == nil || w.Sync() == nil || w.Prepare(1, 0, false) == nil || w.Seal(4, nil) == nil {
			t.Error("a failed writer goes on")
		}
		if writes != failed {
			t.Errorf("%d writes after one that failed", writes-failed)
		}
		seqs := seqsIn(upTo(t, w.File(), 0, good))
		if diff := cmp.Diff([]uint64{1}, seqs); diff != "" {
			t.Error(diff)
		}
	}
}

// seqsIn returns the Seqs of the good frames of a segment.
func seqsIn(b []byte) (seqs []uint64) {
	s := segment.NewScanner(bytes.NewReader(b), header.Seed(), segment.HeaderSize, int64(len(b)))
	for s.Next() {
		seqs = append(seqs, s.Frame().Seq)
	}
	return seqs
}

// The frames of a block that is written again are as durable as before, whatever becomes of that write.
func TestDurableFramesOutliveTheNextWrite(t *testing.T) {
	for seed := range uint64(200) {
		fs := crashfs.New(seed)
		if err := fs.Put("s", bytes.Repeat([]byte("old "), 1<<18)); err != nil {
			t.Fatal(err)
		}
		w, err := segment.Reuse(fs, "s", header)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(seed, 3))
		var durable []uint64
		for seq := uint64(1); seq <= 5; seq++ {
			w.AddFrames(frameOf(64+8*r.Int64N(20<<10)), segment.First, seq)
			if err := w.Sync(); err != nil {
				t.Fatal(err)
			}
			durable = append(durable, seq)
		}
		w.AddFrames(frameOf(64+8*r.Int64N(20<<10)), segment.First, 6)
		fs.DieAt(1 + r.IntN(2))
		_ = w.Sync() // dies
		next := fs.Kill()
		if r.IntN(2) == 0 {
			next = next.Crash()
		}
		b, err := next.Content("s")
		if err != nil {
			t.Fatal(err)
		}
		seqs := seqsIn(b)
		if diff := cmp.Diff(durable, seqs[:min(len(seqs), len(durable))]); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}
