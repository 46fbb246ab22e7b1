package segment_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/internal/journal/segment"
)

var header = segment.Header{
	Flags: segment.Rewritten, Journal: [16]byte{1, 2, 3}, First: 7, Salt: 0x1234567890abcdef, Created: time.Unix(1e9, 5),
}

func payload(seq uint64) []byte { return fmt.Appendf(nil, "payload of %d %*s", seq, seq%17, "") }

// write makes a segment with frames of the Seqs 7 to 7+n-1.
func write(t testing.TB, n int) []byte {
	t.Helper()
	fs := crashfs.New(1)
	w, err := segment.Create(fs, "s", header)
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(7); seq < 7+uint64(n); seq++ {
		p := payload(seq)
		w.Add(segment.Event, segment.First, seq, p[:4], p[4:])
	}
	if err := w.Seal(6+uint64(n), nil); err != nil {
		t.Fatal(err)
	}
	size, err := w.File().Size()
	if err != nil || size != w.Size() {
		t.Fatalf("size %d, %v; want %d", size, err, w.Size())
	}
	b := make([]byte, size)
	if _, err := w.File().ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b
}

// scan returns the Seqs of the events in b, each of which must be as it was written.
func scan(t testing.TB, b []byte, seed segment.Seed) ([]uint64, []segment.Range) {
	t.Helper()
	var seqs []uint64
	s := segment.NewScanner(bytes.NewReader(b), seed, segment.HeaderSize, int64(len(b)))
	for s.Next() {
		f := s.Frame()
		if f.Kind != segment.Event {
			continue
		}
		if !bytes.Equal(f.Payload, payload(f.Seq)) {
			t.Fatalf("frame %d at %d has payload %q", f.Seq, f.Offset, f.Payload)
		}
		seqs = append(seqs, f.Seq)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return seqs, s.Bad()
}

func TestRoundTrip(t *testing.T) {
	b := write(t, 3)
	h, err := segment.ParseHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(header, h); diff != "" {
		t.Error(diff)
	}
	seqs, bad := scan(t, b, h.Seed())
	if diff := cmp.Diff([]uint64{7, 8, 9}, seqs); diff != "" || len(bad) > 0 {
		t.Error(diff, bad)
	}
	if seqs, bad := scan(t, b, h.Seed()+1); len(seqs) > 0 || len(bad) != 1 {
		t.Errorf("with another salt: frames %v, bad %v", seqs, bad)
	}
}

// One damaged byte, wherever it is, costs at most the frame that it is in.
func TestEveryByteDamaged(t *testing.T) {
	whole := write(t, 20)
	seed := header.Seed()
	for i := segment.HeaderSize; i < len(whole); i++ {
		b := bytes.Clone(whole)
		b[i] ^= 0x10
		seqs, bad := scan(t, b, seed)
		switch {
		case len(seqs) == 20: // padding, or the frame at the end
		case len(seqs) != 19 || len(bad) != 1:
			t.Fatalf("byte %d: %d frames left, bad %v", i, len(seqs), bad)
		case int64(i) < bad[0].Offset || int64(i) >= bad[0].End():
			t.Fatalf("byte %d: bad is %v", i, bad)
		}
	}
}

func TestEveryTruncation(t *testing.T) {
	whole := write(t, 20)
	for n := segment.HeaderSize; n < len(whole); n++ {
		seqs, bad := scan(t, whole[:n], header.Seed())
		var end int64 = segment.HeaderSize
		for i := range seqs {
			if seqs[i] != uint64(7+i) {
				t.Fatalf("cut at %d: %v", n, seqs)
			}
			end += segment.FrameSize(len(payload(seqs[i])))
		}
		if want := end + segment.FrameSize(len(payload(uint64(7+len(seqs))))); len(seqs) < 20 && int64(n) >= want {
			t.Fatalf("cut at %d: frame %d is missing", n, 7+len(seqs))
		}
		if int64(n) > end && len(bad) != 1 {
			t.Fatalf("cut at %d: bad %v behind %d", n, bad, end)
		}
	}
}

func TestUnusedSpaceIsNotDamage(t *testing.T) {
	b := append(write(t, 5), make([]byte, 300<<10)...)
	if seqs, bad := scan(t, b, header.Seed()); len(seqs) != 5 || len(bad) != 0 {
		t.Errorf("frames %v, bad %v", seqs, bad)
	}
	b[len(b)-1] = 1
	if seqs, bad := scan(t, b, header.Seed()); len(seqs) != 5 || len(bad) != 1 || bad[0].End() != int64(len(b)) {
		t.Errorf("frames %v, bad %v", seqs, bad)
	}
}

// What looks like a frame in a frame's payload is not found, not even with the salt of the segment.
func TestFrameInPayload(t *testing.T) {
	seed := header.Seed()
	inner := seed.AppendFrame(nil, segment.Event, 0, 99, nil, []byte("inner"))
	b := make([]byte, segment.HeaderSize)
	b = seed.AppendFrame(b, segment.Event, 0, 1, nil, inner)
	b = seed.AppendFrame(b, segment.Event, 0, 2, nil, inner)
	b[segment.HeaderSize+segment.FrameHeaderSize+1] ^= 1 // the first payload
	s := segment.NewScanner(bytes.NewReader(b), seed, segment.HeaderSize, int64(len(b)))
	var seqs []uint64
	for s.Next() {
		seqs = append(seqs, s.Frame().Seq)
	}
	if diff := cmp.Diff([]uint64{2}, seqs); diff != "" {
		t.Error(diff)
	}
}

func TestGrowingFile(t *testing.T) {
	b := write(t, 10)
	s := segment.NewScanner(bytes.NewReader(b), header.Seed(), segment.HeaderSize, segment.HeaderSize)
	if s.Next() {
		t.Fatal("a frame before the end of the header")
	}
	end := segment.HeaderSize + segment.FrameSize(len(payload(7)))
	s.Extend(end)
	if !s.Next() || s.Frame().Seq != 7 || s.Next() || s.Offset() != end {
		t.Fatal("one frame expected")
	}
	s.Extend(int64(len(b)))
	n := 0
	for s.Next() {
		n++
	}
	if n != 10 || len(s.Bad()) != 0 || s.Err() != nil { // nine, and the end
		t.Error(n, s.Bad(), s.Err())
	}
}

func TestFileShorterThanItShouldBe(t *testing.T) {
	b := write(t, 3)
	s := segment.NewScanner(bytes.NewReader(b), header.Seed(), segment.HeaderSize, int64(len(b))+1000)
	n := 0
	for s.Next() {
		n++
	}
	if n != 4 || s.Err() != nil || len(s.Bad()) != 1 {
		t.Error(n, s.Err(), s.Bad())
	}
}

func TestReadErrorEndsTheScan(t *testing.T) {
	s := segment.NewScanner(failing{}, header.Seed(), segment.HeaderSize, 1000)
	if s.Next() || !errors.Is(s.Err(), errBroken) {
		t.Error(s.Err())
	}
}

var errBroken = errors.New("broken disk")

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

// A segment whose header is lost can still be read.
func TestFindSeed(t *testing.T) {
	b := write(t, 5)
	clear(b[:segment.HeaderSize])
	for i := range 5 { // with less and less that is good
		seed, ok := segment.FindSeed(bytes.NewReader(b), int64(len(b)), 0)
		if !ok || seed != header.Seed() {
			t.Fatalf("after %d damaged frames: %x, %v; want %x", i, seed, ok, header.Seed())
		}
		b[bytes.Index(b, payload(uint64(7+i)))]++
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	if _, ok := segment.FindSeed(bytes.NewReader(b), int64(len(b)), 0); ok {
		t.Error("a seed in noise")
	}
}

func TestHeaderOfAnotherVersion(t *testing.T) {
	b := write(t, 0)
	binary.LittleEndian.PutUint16(b[8:], 2)
	if _, err := segment.ParseHeader(b); !errors.Is(err, segment.ErrDamaged) {
		t.Errorf("a changed version without its crc: %v", err)
	}
	crc := crc32.Checksum(b[:60], crc32.MakeTable(crc32.Castagnoli))
	binary.LittleEndian.PutUint32(b[60:], crc)
	var newer *segment.VersionError
	if _, err := segment.ParseHeader(b); !errors.As(err, &newer) || newer.Version != 2 {
		t.Errorf("version 2: %v", err)
	}
}

// A writer that has failed once stays failed, and does not sync again.
func TestWriterAfterAnError(t *testing.T) {
	fs := crashfs.New(1)
	w, err := segment.Create(failingSync{fs}, "s", header)
	if err != nil {
		t.Fatal(err)
	}
	w.Add(segment.Event, 0, 1, nil, []byte("x"))
	if err := w.Sync(); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	before := w.Size()
	w.Add(segment.Event, 0, 2, nil, []byte("y"))
	if w.Sync() == nil || w.Flush() == nil || w.Seal(2, nil) == nil || w.Size() != before {
		t.Error("a failed writer goes on")
	}
	if n := w.File().(*countingFile).syncs; n != 1 {
		t.Errorf("%d syncs after one that failed", n)
	}
}

type failingSync struct{ disk.FS }

func (f failingSync) Create(name string) (disk.File, error) {
	file, err := f.FS.Create(name)
	return &countingFile{File: file}, err
}

type countingFile struct {
	disk.File
	syncs int
}

func (f *countingFile) Sync() error { f.syncs++; return errBroken }

// A sector that cannot be read stops the scan at the frame that is in it, not where reading ahead meets it.
func TestUnreadableSector(t *testing.T) {
	b := write(t, 50)
	s := segment.NewScanner(badSector{b, 2000}, header.Seed(), segment.HeaderSize, int64(len(b)))
	var end int64
	for s.Next() {
		end = s.Frame().End()
	}
	if !errors.Is(s.Err(), errBroken) || end > 2000 || end < 1900 {
		t.Errorf("%v, at %d", s.Err(), end)
	}
}

// badSector cannot be read at one offset.
type badSector struct {
	b  []byte
	at int64
}

func (f badSector) ReadAt(p []byte, at int64) (int, error) {
	if at <= f.at && f.at < at+int64(len(p)) {
		return 0, errBroken
	}
	return copy(p, f.b[at:]), nil
}

// Frames that were encoded before there was a segment are those that Add makes, wherever they go and however often.
func TestFramesEncodedBeforeAreTheSame(t *testing.T) {
	want := write(t, 40)
	var frames []byte
	encode := func(from, to uint64) []byte {
		frames = frames[:0]
		for seq := from; seq < to; seq++ {
			start := len(frames)
			frames = segment.EndFrame(append(segment.BeginFrame(frames), payload(seq)...), start, segment.Event)
		}
		return frames
	}
	fs := crashfs.New(1)
	other := header
	other.Salt++
	elsewhere, err := segment.Create(fs, "elsewhere", other)
	if err != nil {
		t.Fatal(err)
	}
	w, err := segment.Create(fs, "s", header)
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(7); seq < 47; seq += 4 {
		for of := seq; of < seq+4; of++ { // write says of each that it begins a group
			again := encode(of, of+1)
			elsewhere.AddFrames(again, 0, of+100)
			w.AddFrames(again, segment.First, of)
		}
	}
	if err := w.Seal(46, nil); err != nil {
		t.Fatal(err)
	}
	got, err := fs.Content("s")
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, want %d; %v", len(got), len(want), err)
	}
}

// Only the first of some frames begins a group, and large ones keep their place among those that are gathered.
func TestFramesOfAGroup(t *testing.T) {
	fs := crashfs.New(1)
	w, err := segment.Create(fs, "s", header)
	if err != nil {
		t.Fatal(err)
	}
	body := func(seq uint64) []byte { return bytes.Repeat([]byte{byte(seq)}, 1<<(seq%18)) }
	for seq := uint64(7); seq < 100; seq += 3 {
		var frames []byte
		for of := seq; of < seq+3; of++ {
			start := len(frames)
			frames = segment.EndFrame(append(segment.BeginFrame(frames), body(of)...), start, segment.Event)
		}
		w.AddFrames(frames, segment.First, seq)
	}
	if err := w.Sync(); err != nil {
		t.Fatal(err)
	}
	b, err := fs.Content("s")
	if err != nil || int64(len(b)) != w.Size() {
		t.Fatalf("%d bytes, want %d; %v", len(b), w.Size(), err)
	}
	seq := uint64(7)
	s := segment.NewScanner(bytes.NewReader(b), header.Seed(), segment.HeaderSize, int64(len(b)))
	for ; s.Next(); seq++ {
		f := s.Frame()
		if f.Seq != seq || !bytes.Equal(f.Payload, body(seq)) || (f.Flags == segment.First) != ((seq-7)%3 == 0) {
			t.Fatalf("frame %d, want %d, with %d bytes and flags %d", f.Seq, seq, len(f.Payload), f.Flags)
		}
	}
	if s.Err() != nil || len(s.Bad()) > 0 || seq != 100 {
		t.Errorf("to %d: %v, %v", seq, s.Bad(), s.Err())
	}
}
