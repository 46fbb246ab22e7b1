package journal

import (
	"bytes"
	"log/slog"
	"path"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// Whatever the file of cursors holds: what is decoded is what would be encoded, and all of it can be used.
func FuzzCursors(f *testing.F) {
	c := cursors{}
	c.place(cursorState{cursorSlot: cursorSlot{number: 3, generation: 7, done: Cursor{Seq: 9}}, known: true})
	f.Add(c.image())
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		fs := crashfs.New(1)
		if err := fs.Put(cursorFileName, b); err != nil {
			t.Fatal(err)
		}
		pairs, err := readCursors(fs)
		if err != nil {
			t.Fatal(err)
		}
		for number, both := range pairs {
			for which, s := range both {
				if s == nil {
					continue
				}
				again := s.encode()
				at := slotOffset(number, which)
				if stored := b[at : at+slotSize]; !bytes.Equal(stored[:56], again[:56]) {
					t.Fatalf("slot %d of %d: %x is decoded as %+v", which, number, stored, s)
				}
			}
		}
	})
}

// Whatever a table is made of: it is refused, or encoded again as it was; it takes memory for what it has.
func FuzzTable(f *testing.F) {
	t := &table{last: 5, nextNumber: 4, rows: []row{{number: 1, name: "a"}, {number: 3, active: true, name: "b", newest: 4}}}
	f.Add(t.encode())
	f.Add((&table{nextNumber: 1}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := decodeTable(b)
		if err != nil {
			return
		}
		again, err := decodeTable(got.encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, again, cmp.AllowUnexported(table{}, row{})); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Whatever a record's payload is: what is taken for destinations and data is in it.
func FuzzPayload(f *testing.F) {
	f.Add(appendDestinations(nil, []uint32{1, 200, 1 << 31}))
	f.Add([]byte{destinationsTag, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		packed, data, ok := splitPayload(b)
		if !ok {
			return
		}
		if len(packed)+len(data) > len(b) || !bytes.HasSuffix(b, data) {
			t.Fatalf("%x: %x, %x", b, packed, data)
		}
		s := state{nextNumber: 1}
		s.add(1, b)
		if len(s.dests) > maxStrayNumber {
			t.Fatal(len(s.dests))
		}
	})
}

// Whatever the newest segment, or the only one, holds: the journal opens or refuses, and can be read and written.
func FuzzOpen(f *testing.F) {
	fs := crashfs.New(1)
	options := Options{FS: fs, SaveEvery: -1, Logger: slog.New(slog.DiscardHandler)}
	j, err := Open("x", options)
	if err != nil {
		f.Fatal(err)
	}
	numbers, _ := j.Assign([]string{"a", "b"})
	for seq := uint64(1); seq < 9; seq++ {
		if err := j.Append([]Record{{Seq: seq, Destinations: numbers, Data: bytes.Repeat([]byte{1}, 20)}}); err != nil {
			f.Fatal(err)
		}
	}
	identity, _ := fs.Content(identityFile)
	name := path.Join(logDir, segmentName(1, 0))
	content, _ := fs.Content(name)
	f.Add(content[:2000])
	_ = j.Close()
	content, _ = fs.Content(name)
	f.Add(content)
	f.Add(content[64:])
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		openAny(t, identity, name, b)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20+100*uint64(len(b)) {
			t.Fatalf("%d bytes of memory for a file of %d", used, len(b))
		}
	})
}

func openAny(t *testing.T, identity []byte, name string, b []byte) {
	fs := crashfs.New(1)
	for _, err := range []error{fs.MkdirAll(logDir), fs.Put(identityFile, identity), fs.Put(name, b)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	j, err := Open("x", Options{FS: fs, SaveEvery: -1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return
	}
	defer j.Close()
	for _, d := range j.Destinations() {
		r := j.Reader(d.Number)
		for range len(b) + 10 {
			entries, lost, err := r.Read(nil, 10, 1<<20)
			if err != nil || len(entries) == 0 && lost == (Totals{}) {
				break
			}
		}
		r.Close()
	}
	if numbers, err := j.Assign([]string{"new"}); err == nil && j.LastSeq() < 1<<63 {
		if err := j.Append([]Record{{Seq: j.LastSeq() + 1, Destinations: numbers}}); err != nil {
			t.Fatal(err)
		}
	}
}
