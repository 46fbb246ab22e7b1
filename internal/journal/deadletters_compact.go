package journal

import (
	"errors"
	"io/fs"

	"github.com/evhub/evhub/internal/journal/segment"
)

const (
	// deadRest is how large the newest segment may stay with nothing in it.
	deadRest = 64 << 10
	// deadMerge is how many small neighbours are worth merging though little of them is gone.
	deadMerge = 8
)

// tidy gives back, after a removal, what is easily seen to be of no use. Only what is worth it makes compaction look at
// all segments. A failure costs nothing but room, and is tried again.
func (d *DeadLetters) tidy() {
	if d.halted {
		return
	}
	look := false
	for _, s := range d.segments {
		if !s.checked && s.mostlyGone() {
			s.checked, look = true, true
		}
	}
	if d.Totals().Events == 0 && d.active != nil && d.active.Size() > min(deadRest, d.env.segmentBytes) {
		look = true
		if err := d.roll(); err != nil {
			d.env.log.Warn("dead letters that are gone keep their room", "dir", d.dir, "error", err)
			return
		}
	}
	if look {
		d.compact()
	}
}

// roll begins a new segment, so that the one before can go.
func (d *DeadLetters) roll() error {
	if err := d.seal(); err != nil {
		return err
	}
	_, err := d.begin()
	return err
}

// compact rewrites or unlinks segments until nothing more is worth it. The newest one stays as it is: its name and keys
// say which keys were used. A disk that refuses ends it until the next time.
func (d *DeadLetters) compact() {
	for !d.halted {
		from, to, ok := d.worthwhile()
		if !ok {
			return
		}
		if err := d.rewrite(from, to); err != nil {
			d.env.log.Warn("dead letters that are gone keep their room", "dir", d.dir, "error", err)
			return
		}
	}
}

// worthwhile finds neighbours, from a segment up to but without another, that get much smaller, or fewer, by rewriting.
func (d *DeadLetters) worthwhile() (from, to int, ok bool) {
	// Rewriting drops what says that a tail does not count. So those with a tail come first, the oldest before others.
	for i, s := range d.segments[:max(0, len(d.segments)-1)] {
		if s.tail {
			return i, i + 1, true
		}
	}
	removals := int64(0) // at most so many bytes say what is gone of the segments before from
	for from, s := range d.segments {
		var size, wanted int64
		for to := from + 1; to < len(d.segments) && wanted <= d.env.segmentBytes; to++ {
			size += d.segments[to-1].size
			wanted += d.segments[to-1].frames
			after := removals + wanted
			if after > 0 {
				after += deadEmptySize + segment.FrameSize(0)
			}
			if wanted <= d.env.segmentBytes && (2*after < size || to-from >= deadMerge) {
				return from, to, true
			}
		}
		if ranges := s.gone(); len(ranges) > 0 {
			removals += segment.FrameSize(len(encodeRanges(ranges)))
		}
	}
	return 0, 0, false
}

// goneBefore is which letters of older segments are gone. What says so may be in any segment behind them, so every
// segment that is rewritten says it again.
func (d *DeadLetters) goneBefore(index int) (ranges []keyRange) {
	for _, s := range d.segments[:index] {
		ranges = append(ranges, s.gone()...)
	}
	return joinRanges(ranges)
}

// rewrite puts what is kept of neighbours into one file in place of the first of them, and unlinks the others; all of
// them, if nothing is kept.
//
// A removal is never in an older segment than its letter. So the others go one by one, the oldest first, each durably
// before the next: what says that a letter is gone outlives the letter. What they say of segments before them is in the
// new file.
func (d *DeadLetters) rewrite(from, to int) error {
	merged, err := d.writeMerged(from, to)
	if err != nil {
		return err
	}
	if merged != nil {
		if err := d.takePlace(merged, from, to); err != nil {
			return err
		}
		from++
	}
	for range to - from {
		if err := d.unlink(from); err != nil {
			return err
		}
	}
	return nil
}

// takePlace gives the rewritten segment the name of the first of those it replaces.
func (d *DeadLetters) takePlace(merged *deadSegment, from, to int) error {
	temporary, name := merged.name, d.segments[from].name
	merged.name = name
	err := d.env.fs.Rename(temporary, name)
	renamed := err == nil
	if renamed {
		err = d.env.fs.SyncDir(d.dir)
	}
	// After an error the one or the other file may have the name after a crash, and if it was Rename's, now too.
	d.halted = err != nil
	if renamed || holds(d.env.fs, name, merged.seed) {
		d.replace(from, to, merged)
	}
	return err
}

// replace puts the rewritten segment into the list. What the others hold is a copy now.
func (d *DeadLetters) replace(from, to int, merged *deadSegment) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.segments[from] = merged
	for _, s := range d.segments[from+1 : to] {
		for i := range s.letters {
			if s.letters[i].state == deadKept {
				s.drop(&s.letters[i], deadCopy)
			}
		}
	}
}

// unlink removes a segment durably.
func (d *DeadLetters) unlink(index int) error {
	if err := d.env.fs.Remove(d.segments[index].name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := d.env.fs.SyncDir(d.dir); err != nil {
		d.halted = true
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.segments = append(d.segments[:index:index], d.segments[index+1:]...)
	return nil
}
