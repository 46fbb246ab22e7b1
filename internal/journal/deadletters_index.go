package journal

import (
	"cmp"
	"slices"

	"github.com/evhub/evhub/internal/journal/segment"
)

// deadState is what has become of a letter's frame.
type deadState uint8

const (
	deadKept deadState = iota
	// deadGone: removed, or never acknowledged. The frame is still on disk, and so must be what says that it is gone.
	deadGone
	// deadCopy: the same letter is in an older segment; an interrupted compaction leaves this.
	deadCopy
)

// deadEntry is what memory knows of a letter.
type deadEntry struct {
	key   uint64
	size  uint32
	state deadState
}

// deadSegment is one file, with its letters in the order of their keys.
type deadSegment struct {
	name    string // below the journal's directory
	first   uint64 // its letters have this key or higher ones
	seed    segment.Seed
	size    int64 // of what counts; a group that is being written lies behind
	letters []deadEntry
	kept    Totals // of the letters that are kept
	frames  int64  // bytes of their frames
	tail    bool   // a power cut may bring back what was cut off behind size
	checked bool   // compaction has looked at it since more than half of it was gone
}

// add puts a letter behind the others.
func (s *deadSegment) add(key uint64, size int) {
	s.letters = append(s.letters, deadEntry{key: key, size: uint32(size)})
	s.kept = s.kept.Plus(Totals{1, uint64(size)})
	s.frames += segment.FrameSize(size)
}

// drop changes the state of a letter that may be kept.
func (s *deadSegment) drop(e *deadEntry, state deadState) {
	if e.state == deadKept {
		s.kept = s.kept.Minus(Totals{1, uint64(e.size)})
		s.frames -= segment.FrameSize(int(e.size))
	}
	e.state = state
}

// search returns the index of the first letter whose key is not below key.
func (s *deadSegment) search(key uint64) int {
	i, _ := slices.BinarySearchFunc(s.letters, key, func(e deadEntry, k uint64) int { return cmp.Compare(e.key, k) })
	return i
}

// find returns the letter with the key, nil if there is none.
func (s *deadSegment) find(key uint64) *deadEntry {
	i := s.search(key)
	if i == len(s.letters) || s.letters[i].key != key {
		return nil
	}
	return &s.letters[i]
}

// firstKept returns the first letter from a key on that is kept.
func (s *deadSegment) firstKept(from uint64) (uint64, bool) {
	for _, e := range s.letters[s.search(from):] {
		if e.state == deadKept {
			return e.key, true
		}
	}
	return 0, false
}

// remove marks all letters with keys in r as gone.
func (s *deadSegment) remove(r keyRange) {
	for i := s.search(r.first); i < len(s.letters) && s.letters[i].key <= r.last; i++ {
		s.drop(&s.letters[i], deadGone)
	}
}

// gone is which letters are gone, in as few ranges as there can be without one that is kept.
func (s *deadSegment) gone() (ranges []keyRange) {
	open := false
	for _, e := range s.letters {
		switch {
		case e.state != deadGone:
			open = false
		case open:
			ranges[len(ranges)-1].last = e.key
		default:
			ranges = append(ranges, keyRange{e.key, e.key})
			open = true
		}
	}
	return ranges
}

func (s *deadSegment) mostlyGone() bool { return 2*s.frames < s.size-deadEmptySize }

// removeRanges marks letters as gone in all segments. It is called with mu held.
func (d *DeadLetters) removeRanges(ranges []keyRange) {
	for _, s := range d.segments {
		for _, r := range ranges {
			s.remove(r)
		}
	}
}

// present returns those of the keys whose letters are on disk, each once, and how many of them are kept. Of one that is
// gone already, what says so may be in memory only: a Remove that failed, before a kill.
func (d *DeadLetters) present(keys []uint64) (onDisk []uint64, kept int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keys = slices.Clone(keys)
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		if d.anywhere(k) == nil {
			continue
		}
		onDisk = append(onDisk, k)
		if d.keeper(k) != nil {
			kept++
		}
	}
	return onDisk, kept
}

// anywhere returns the oldest entry of a key, nil if there is none. It is called with mu held.
func (d *DeadLetters) anywhere(key uint64) *deadEntry {
	for _, s := range d.segments {
		if e := s.find(key); e != nil {
			return e
		}
	}
	return nil
}

// keeper returns the segment in which the letter with the key is kept, nil if it is not. It is called with mu held.
func (d *DeadLetters) keeper(key uint64) *deadSegment {
	for _, s := range d.segments {
		if e := s.find(key); e != nil && e.state == deadKept {
			return s
		}
	}
	return nil
}

// stillKept reports whether a letter has not been removed.
func (d *DeadLetters) stillKept(key uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.keeper(key) != nil
}
