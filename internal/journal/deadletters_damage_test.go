package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/disk/crashfs"
	"github.com/evhub/evhub/internal/journal/segment"
)

// onDisk makes a directory of the real file system with letters 1 to 30 in segments of 1 KiB.
func onDisk(t testing.TB, seal bool) disk.FS {
	t.Helper()
	fs, err := disk.NewOS(t.TempDir() + "/journal")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fs.Close() })
	return with30(t, fs, seal)
}

func with30(t testing.TB, fs disk.FS, seal bool) disk.FS {
	t.Helper()
	d := openLetters(t, fs)
	for range 30 {
		appendLetters(t, d, 1)
	}
	if seal {
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
	}
	return fs
}

// spoil changes the bytes of a file of letters.
func spoil(t testing.TB, fs disk.FS, name string, change func(b []byte) []byte) {
	t.Helper()
	f, err := fs.Open("dead/7/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	b = change(b)
	if err := f.Truncate(int64(len(b))); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
}

func flipAt(at int) func([]byte) []byte {
	return func(b []byte) []byte {
		b[at] ^= 1
		return b
	}
}

// reseal gives a changed header its checksum.
func reseal(change func([]byte)) func([]byte) []byte {
	return func(b []byte) []byte {
		change(b)
		crc := crc32.Checksum(b[:segment.HeaderSize-4], crc32.MakeTable(crc32.Castagnoli))
		binary.LittleEndian.PutUint32(b[segment.HeaderSize-4:], crc)
		return b
	}
}

const firstLetter = segment.HeaderSize + segment.FrameHeaderSize + 8

func TestDamagedLettersAreSkippedCountedAndCopied(t *testing.T) {
	for name, c := range map[string]struct {
		file   int
		change func([]byte) []byte
		lost   []uint64
		check  func(Recovery) bool
	}{
		"a payload": {1, flipAt(firstLetter + segment.FrameHeaderSize), nil, // the first of its file
			func(r Recovery) bool { return r.LostRecords == 1 && r.BadFrames == 1 }},
		"a frame's header": {1, flipAt(firstLetter + 8), nil,
			func(r Recovery) bool { return r.BadFrames == 1 && r.BadBytes > 0 }},
		"the segment's header": {1, flipAt(33), []uint64{},
			func(r Recovery) bool { return r.LostHeaders == 1 && r.BadFrames == 1 }},
		"another journal": {1, reseal(func(b []byte) { b[16]++ }), nil,
			func(r Recovery) bool { return r.ForeignSegments == 1 }},
		"all of it": {1, func(b []byte) []byte { return bytes.Repeat([]byte{0xA5}, len(b)) }, nil,
			func(r Recovery) bool { return r.LostHeaders == 1 }},
		"zeros in it": {1, func(b []byte) []byte { clear(b[200:500]); return b }, nil,
			func(r Recovery) bool { return r.BadFrames > 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			fs := onDisk(t, true)
			names := deadNames(t, fs)
			spoil(t, fs, names[c.file], c.change)
			d := openLetters(t, fs)
			keys := keysOf(t, d)
			found := d.Recovery()
			if !c.check(found) || len(found.Quarantined) == 0 || found.Clean() {
				t.Errorf("found %+v", found)
			}
			copied, err := fs.OpenRead(found.Quarantined[0])
			if err != nil {
				t.Fatal(err)
			}
			copied.Close()
			first, next := fileKeys(names[c.file]), fileKeys(names[c.file+1])
			for k := uint64(1); k <= 30; k++ {
				inFile := k >= first && k < next
				if !inFile && !slices.Contains(keys, k) {
					t.Errorf("letter %d is lost, which was not damaged", k)
				}
			}
			if c.lost != nil && len(keys) != 30 {
				t.Errorf("letters: %v", keys)
			}
			if c.lost == nil && (len(keys) == 30 || len(keys) < 20) {
				t.Errorf("letters: %v", keys)
			}
			appendLetters(t, d, 1)
			d.close()
			wantKeys(t, openLetters(t, fs), append(keys, 31)...)
		})
	}
}

func fileKeys(name string) uint64 {
	first, _, _ := parseSegmentName(name)
	return first
}

func TestATornTailIsCutOffInSilence(t *testing.T) {
	for name, change := range map[string]func(b []byte) []byte{
		"cut off":  func(b []byte) []byte { return b[:len(b)-5] },
		"garbage":  func(b []byte) []byte { return append(b, bytes.Repeat([]byte("junk"), 50)...) },
		"flipped":  func(b []byte) []byte { b[len(b)-20] ^= 8; return b },
		"nonsense": func(b []byte) []byte { return append(b, make([]byte, 5000)...) },
	} {
		t.Run(name, func(t *testing.T) {
			fs := onDisk(t, false)
			names := deadNames(t, fs)
			last := names[len(names)-1]
			spoil(t, fs, last, change)
			d := openLetters(t, fs)
			keys := keysOf(t, d)
			if !d.Recovery().Clean() || (name != "nonsense") != (d.Recovery().TornBytes > 0) {
				t.Errorf("found %+v", d.Recovery())
			}
			if len(keys) < 29 {
				t.Errorf("letters: %v", keys)
			}
			appendLetters(t, d, 1)
			d.close()
			d = openLetters(t, fs)
			if got := keysOf(t, d); len(got) != len(keys)+1 || d.Recovery().TornBytes != 0 {
				t.Errorf("then %v, found %+v", got, d.Recovery())
			}
		})
	}
}

func TestNewerLettersAreRefused(t *testing.T) {
	fs := onDisk(t, true)
	name := deadNames(t, fs)[1]
	spoil(t, fs, name, reseal(func(b []byte) { b[8] = 2 }))
	_, err := openDeadLetters(deadTestEnv(fs), 7)
	var refused *RefusedError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "version 2") || !strings.Contains(err.Error(), name) {
		t.Errorf("got %v", err)
	}
	f, err := fs.OpenRead("dead/7/" + name)
	if err != nil {
		t.Errorf("the file was touched: %v", err)
	} else {
		f.Close()
	}
}

func TestAnUnknownKindOfFrame(t *testing.T) {
	for kind, skipped := range map[segment.Kind]bool{0x99: true, 0x19: false} {
		fs := onDisk(t, true)
		h := segment.Header{Journal: [16]byte{1}, First: 31, Salt: 5}
		w, err := segment.Create(fs, "dead/7/"+segmentName(31, 0), h)
		if err != nil {
			t.Fatal(err)
		}
		w.Add(kind, segment.First, 31, nil, []byte("?"))
		if err := errors.Join(w.Seal(30, nil), w.Close()); err != nil {
			t.Fatal(err)
		}
		d, err := openDeadLetters(deadTestEnv(fs), 7)
		var refused *RefusedError
		if skipped != (err == nil) || skipped == errors.As(err, &refused) {
			t.Errorf("kind %#x: %v", kind, err)
		}
		if err == nil {
			wantKeys(t, d, upTo(1, 30)...)
		}
	}
}

func TestRangesAreWrittenAndRead(t *testing.T) {
	for range 200 {
		var keys []uint64
		for range rand.IntN(20) {
			keys = append(keys, rand.Uint64N(50)+uint64(rand.IntN(2))*1e15)
		}
		ranges := keysToRanges(keys)
		got, ok := decodeRanges(encodeRanges(ranges))
		if diff := cmp.Diff(ranges, got, cmp.AllowUnexported(keyRange{})); diff != "" || !ok {
			t.Fatal(diff)
		}
		for _, k := range keys {
			if !slices.ContainsFunc(got, func(r keyRange) bool { return r.first <= k && k <= r.last }) {
				t.Fatalf("%d is not in %v", k, got)
			}
		}
	}
}

func FuzzDecodeRanges(f *testing.F) {
	f.Add(encodeRanges([]keyRange{{1, 5}, {9, 1 << 60}}))
	f.Add(bytes.Repeat([]byte{0xff}, 30))
	f.Fuzz(func(t *testing.T, b []byte) {
		ranges, ok := decodeRanges(b)
		if !ok {
			return
		}
		last := uint64(0)
		for i, r := range ranges {
			if r.first > r.last || i > 0 && r.first <= last {
				t.Fatalf("%v", ranges)
			}
			last = r.last
		}
	})
}

// Whatever is in the files, opening, reading, removing and closing end, and give letters in order.
func FuzzLettersOnDisk(f *testing.F) {
	f.Add(uint16(100), []byte{1}, uint16(900))
	f.Add(uint16(0), []byte("EVHUBSEG"), uint16(3))
	f.Add(uint16(1100), bytes.Repeat([]byte{0}, 300), uint16(2000))
	f.Fuzz(func(t *testing.T, at uint16, change []byte, cut uint16) {
		fs := with30(t, crashfs.New(1), cut%2 == 0)
		names := deadNames(t, fs)
		spoil(t, fs, names[int(at)%len(names)], func(b []byte) []byte {
			copy(b[int(at)%len(b):], change)
			return b[:min(len(b), int(cut)+1)]
		})
		d, err := openDeadLetters(deadTestEnv(fs), 7)
		if err != nil {
			return
		}
		last := uint64(0)
		for l, err := range d.All() {
			if err != nil || l.Key <= last {
				t.Fatalf("letter %d behind %d, %v", l.Key, last, err)
			}
			last = l.Key
			if _, err := d.Remove(l.Key); err != nil {
				t.Fatal(err)
			}
		}
		if n := d.Totals(); n.Events != 0 {
			t.Errorf("%d letters are left", n.Events)
		}
	})
}
