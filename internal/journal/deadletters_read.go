package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// All yields the letters that are kept when it begins, oldest first, without those that are removed meanwhile; the
// caller may remove, and append, while it goes on. A letter that the disk has damaged is skipped, counted, copied to
// quarantine and told to the logger. An error ends it.
func (d *DeadLetters) All() iter.Seq2[Letter, error] {
	return func(yield func(Letter, error) bool) {
		d.mu.Lock()
		end := d.next
		d.mu.Unlock()
		all := func() []*deadSegment { return d.segments }
		err := d.each(all, end, func(key uint64, data []byte) bool {
			return yield(Letter{Key: key, Data: bytes.Clone(data)}, nil)
		})
		if err != nil {
			yield(Letter{}, fmt.Errorf("journal: dead letters in %s: %w", d.dir, err))
		}
	}
}

// each gives the letters below a key that are kept in some segments to yield, by rising key, until it is false. Which
// segments those are is asked with mu held. Data is valid until yield returns.
func (d *DeadLetters) each(among func() []*deadSegment, end uint64, yield func(key uint64, data []byte) bool) error {
	more := true
	for from := uint64(0); more; {
		v, file, err := d.viewFrom(among, from, end)
		if err != nil {
			return err
		}
		if v == nil {
			return nil
		}
		err = d.readView(v, file, func(key uint64, data []byte) bool {
			more = yield(key, data)
			return more
		})
		if err != nil {
			return err
		}
		from = v.to
	}
	return nil
}

// deadView is the letters of a segment that a reader takes at once, from a key up to but without another.
type deadView struct {
	*deadSegment
	size     int64 // of the segment when the reader came to it
	from, to uint64
}

// viewFrom opens the segment that has the first letter from a key on. It is nil if there is none below end. The file is
// the right one even if compaction replaces or unlinks it after that.
func (d *DeadLetters) viewFrom(among func() []*deadSegment, from, end uint64) (*deadView, disk.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for try := 1; ; try++ {
		v := nextView(among(), from, end)
		if v == nil {
			return nil, nil, nil
		}
		file, err := d.env.fs.OpenRead(v.name)
		if err == nil && replacedSince(file, v.seed) {
			_ = file.Close()
			err = errDeadMoved // or, of our own, by a rename that was said to have failed: the next Open finds out
		}
		moved := d.env.readOnly && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, errDeadMoved))
		if !moved || try == maxMoved {
			return v, file, err
		}
		d.segments, d.found = nil, Recovery{}
		if err := d.load(); err != nil {
			return nil, nil, err
		}
	}
}

// nextView finds the segment with the first letter from a key on. It ends where another segment has one: an interrupted
// compaction leaves segments whose keys overlap.
func nextView(segments []*deadSegment, from, end uint64) (v *deadView) {
	for _, s := range segments {
		key, found := s.firstKept(from)
		switch {
		case !found || key >= end:
		case v == nil:
			v = &deadView{deadSegment: s, size: s.size, from: key, to: end}
		case key < v.from:
			v = &deadView{deadSegment: s, size: s.size, from: key, to: v.from}
		default:
			v.to = min(v.to, key)
		}
	}
	return v
}

// readView gives the letters of a view that are kept to yield, until it is false, and closes the file. What is damaged
// is counted, and gone.
func (d *DeadLetters) readView(v *deadView, file disk.File, yield func(key uint64, data []byte) bool) error {
	defer file.Close()
	wanted := d.keptIn(v)
	scan := segment.NewScanner(file, v.seed, segment.HeaderSize, v.size)
	for len(wanted) > 0 && scan.Next() {
		f := scan.Frame()
		i, found := slices.BinarySearch(wanted, f.Seq)
		if f.Kind != segment.Event || i == 0 && !found {
			continue
		}
		if i > 0 {
			d.lose(v.deadSegment, file, wanted[:i], scan.Bad())
		}
		wanted = wanted[i:]
		if !found {
			continue
		}
		wanted = wanted[1:]
		if d.stillKept(f.Seq) && !yield(f.Seq, f.Payload) {
			return nil
		}
	}
	if err := scan.Err(); err != nil {
		return err
	}
	if len(wanted) > 0 {
		d.lose(v.deadSegment, file, wanted, scan.Bad())
	}
	return nil
}

// keptIn returns the keys of a view that are kept.
func (d *DeadLetters) keptIn(v *deadView) (keys []uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range v.letters[v.search(v.from):v.search(v.to)] {
		if e.state == deadKept {
			keys = append(keys, e.key)
		}
	}
	return keys
}
