package modelcheck

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/evhub/evhub/internal/journal/disk/crashfs"
)

// snapshot is a journal that is closed or killed, to be damaged many times.
type snapshot struct {
	world *world
	names []string
	files map[string][]byte
	log   []logFile
}

// newSnapshot plays a history with small files and takes what it leaves.
func newSnapshot(seed uint64, sealed bool) *snapshot {
	w := newWorld(seed, nil)
	w.options.SegmentBytes, w.options.MaxBytes = 4096, 0
	w.active = names[:2]
	w.fs.DieAt(0)
	w.open()
	for range 12 {
		w.put()
		w.deliver()
		if w.rand.IntN(3) == 0 {
			w.settle()
		}
	}
	w.save()
	if sealed {
		if err := w.j.Close(); err != nil {
			fail("close: %v", err)
		}
		w.j = nil
	}
	w.end(true)
	s := &snapshot{world: w, files: map[string][]byte{}, log: logFiles(w.fs)}
	for _, dir := range []string{".", "log"} {
		infos, err := w.fs.List(dir)
		if err != nil {
			fail("%v", err)
		}
		for _, info := range infos {
			name := strings.TrimPrefix(dir+"/"+info.Name, "./")
			if !info.Dir && info.Size > 0 && name != "ballast" { // which has no content
				s.names = append(s.names, name)
				s.files[name], _ = w.fs.Content(name) // it was just listed
			}
		}
	}
	return s
}

// with opens a copy of the journal in which one file has another content, and judges what is found.
func (s *snapshot) with(name string, content []byte, d damage) (f figures, err error) {
	w := *s.world
	w.fs, w.readers, w.left, w.figures = crashfs.New(1), map[uint32]*reader{}, nil, figures{}
	if err := w.fs.MkdirAll("log"); err != nil {
		return f, err
	}
	for other, data := range s.files {
		if other == name {
			data = content
		}
		w.replace(other, data)
	}
	return judged(func() figures { w.findLoss(d); return w.figures }, 0)
}

// damage returns what a change of a range of bytes may take away.
func (s *snapshot) damage(name string, from, to int64) damage {
	d := damage{what: fmt.Sprintf("%s from %d to %d", name, from, to), lost: map[uint64]bool{}, cursors: name == "cursors"}
	for i, f := range s.log {
		if f.name == name {
			choose(s.log, i, &d).touched(&d, from, to)
		}
	}
	return d
}

// TestEveryByte changes each byte of a journal, one at a time.
func TestEveryByte(t *testing.T) {
	step := 29 * slowdown
	if os.Getenv("EVHUB_PROOF") != "" || os.Getenv("EVHUB_SOAK") != "" {
		step = 1
	}
	count, all := 0, figures{}
	for seed := range uint64(2) {
		s := newSnapshot(seed, seed == 1)
		for _, name := range s.names {
			for at := int(seed); at < len(s.files[name]); at += step {
				content := bytes.Clone(s.files[name])
				content[at] ^= 1 << (at % 8)
				f, err := s.with(name, content, s.damage(name, int64(at), int64(at)+1))
				if err != nil {
					t.Fatalf("seed %d, byte %d of %s (%d bytes): %v", seed, at, name, len(content), err)
				}
				count++
				all.add(f)
			}
		}
	}
	fmt.Printf("proof: every byte: %d journals with one changed; %v\n", count, &all)
}

// TestEveryLength cuts each segment at each length.
func TestEveryLength(t *testing.T) {
	step := 29 * slowdown
	if os.Getenv("EVHUB_PROOF") != "" || os.Getenv("EVHUB_SOAK") != "" {
		step = 1
	}
	count, all := 0, figures{}
	for seed := range uint64(2) {
		s := newSnapshot(seed, seed == 1)
		for _, f := range s.log {
			for size := int(seed); size < len(f.content); size += step {
				figures, err := s.with(f.name, f.content[:size:size], s.damage(f.name, int64(size), int64(len(f.content))))
				if err != nil {
					t.Fatalf("seed %d, %s cut at %d of %d: %v", seed, f.name, size, len(f.content), err)
				}
				count++
				all.add(figures)
			}
		}
	}
	fmt.Printf("proof: every length: %d journals with one segment cut; %v\n", count, &all)
}
