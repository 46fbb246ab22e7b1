package journal

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/evhub/evhub/internal/journal/segment"
)

// deadTemporary is the name of a segment that is being rewritten; one that an interrupted compaction left is of no use.
const deadTemporary = "rewrite.tmp"

// writeMerged writes what is kept of the segments, and which letters of older ones are gone, to a temporary file. It is
// nil if that is nothing.
func (d *DeadLetters) writeMerged(from, to int) (*deadSegment, error) {
	name := d.dir + "/" + deadTemporary
	if err := d.env.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	first := d.segments[from].first
	h := segment.Header{Flags: segment.Rewritten, Journal: d.env.id, First: first, Salt: rand.Uint64(), Created: time.Now()}
	w, err := segment.Create(d.env.fs, name, h)
	if err != nil {
		return nil, err
	}
	w.Add(deadStart, segment.First, first-1, nil, encodeStart(first-1))
	removed := d.goneBefore(from)
	if len(removed) > 0 {
		w.Add(deadRemoved, segment.First, first-1, nil, encodeRanges(removed))
	}
	merged := &deadSegment{name: name, first: first, seed: h.Seed()}
	last := first - 1
	old := slices.Clone(d.segments[from:to])
	err = d.each(func() []*deadSegment { return old }, d.next, func(key uint64, data []byte) bool {
		w.Add(segment.Event, segment.First, key, nil, data)
		merged.add(key, len(data))
		last = key
		return true
	})
	if err != nil {
		return nil, errors.Join(err, w.Close(), d.env.fs.Remove(name))
	}
	if len(merged.letters) == 0 && len(removed) == 0 {
		return nil, errors.Join(w.Close(), d.env.fs.Remove(name))
	}
	err = errors.Join(w.Seal(last, nil), w.Close())
	if err != nil {
		return nil, errors.Join(err, d.env.fs.Remove(name))
	}
	merged.size = w.Size()
	return merged, nil
}
