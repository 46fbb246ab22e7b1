package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// load finds the letters on disk, by their headers alone where a segment was ended well.
func (d *DeadLetters) load() error {
	for try := 1; ; try++ {
		err := d.loadOnce()
		if !errors.Is(err, errDeadMoved) || try == maxMoved {
			return err
		}
		d.segments, d.found = nil, Recovery{}
	}
}

// errDeadMoved: the process that has the journal open has rewritten or unlinked a segment since this one has looked.
var errDeadMoved = errors.New("dead letters are being rewritten by the process that has the journal open; look again")

// maxMoved ends a race with a process that rewrites its segments all the time.
const maxMoved = 20

func (d *DeadLetters) loadOnce() error {
	infos, err := d.env.fs.List(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("journal: dead letters: %w", err)
	}
	if !d.env.readOnly {
		// After a kill, names may be in memory only, and what was unlinked may be there again after a power cut.
		if err := d.env.fs.SyncDir(d.dir); err != nil {
			return fmt.Errorf("journal: dead letters: %w", err)
		}
	}
	var removed []keyRange
	for _, f := range deadFiles(infos) {
		s := &deadSegment{name: d.dir + "/" + f.name, first: f.first}
		found, ok, err := d.loadSegment(s)
		if err != nil {
			return err
		}
		d.next = max(d.next, f.first, s.first)
		if !ok {
			continue
		}
		d.voidBefore(s, found)
		d.segments = append(d.segments, s)
		removed = append(removed, found.removed...)
	}
	d.removeRanges(removed)
	d.good = d.next - 1
	return nil
}

// voidBefore takes a segment's letters into account: where older segments have the same, and what older segments hold
// that was never acknowledged.
func (d *DeadLetters) voidBefore(s *deadSegment, found deadFound) {
	if found.started && found.good+1 < s.first {
		d.removeRanges([]keyRange{{found.good + 1, s.first - 1}})
	}
	for _, l := range found.letters {
		if n := len(s.letters); n > 0 && l.key <= s.letters[n-1].key {
			continue // no writer does this
		}
		s.add(l.key, int(l.size))
		if l.key < d.next {
			if e := d.anywhere(l.key); e != nil && e.state != deadGone {
				s.drop(&s.letters[len(s.letters)-1], deadCopy)
			}
		}
	}
	if n := len(s.letters); n > 0 {
		d.next = max(d.next, s.letters[n-1].key+1)
	}
}

type deadFile struct {
	name    string
	first   uint64
	attempt int // of several with the same first key
}

// deadFiles returns the segments among the names, oldest first.
func deadFiles(infos []disk.Info) (files []deadFile) {
	for _, info := range infos {
		if first, attempt, ok := parseSegmentName(info.Name); ok && !info.Dir {
			files = append(files, deadFile{info.Name, first, attempt})
		}
	}
	slices.SortFunc(files, func(a, b deadFile) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.attempt, b.attempt))
	})
	return files
}

// loadSegment reads a segment. It is not ok if the file is none that counts.
func (d *DeadLetters) loadSegment(s *deadSegment) (found deadFound, ok bool, err error) {
	file, err := d.env.fs.OpenRead(s.name)
	if errors.Is(err, fs.ErrNotExist) {
		return deadFound{}, false, errDeadMoved
	}
	if err != nil {
		return deadFound{}, false, fmt.Errorf("journal: dead letters: %w", err)
	}
	defer file.Close()
	size, err := file.Size()
	if err == nil {
		ok, err = d.loadHeader(s, file, size)
	}
	if err == nil && ok {
		found, err = findLetters(file, s.seed, size)
	}
	if err != nil {
		return deadFound{}, false, fmt.Errorf("journal: %s: %w", s.name, err)
	}
	if !ok {
		return deadFound{}, false, nil
	}
	if found.unknown != 0 {
		return deadFound{}, false, &RefusedError{Path: s.name, Why: fmt.Sprintf(
			"has frames of kind %d, which this evhub does not know; use the evhub that wrote it, or a newer one", found.unknown)}
	}
	if err := d.recover(s, file, &found); err != nil {
		return deadFound{}, false, fmt.Errorf("journal: %s: %w", s.name, err)
	}
	s.size = found.end
	return found, true, nil
}

// loadHeader finds the seed of a segment's frames. It is not ok if the file is no segment of this journal.
func (d *DeadLetters) loadHeader(s *deadSegment, file disk.File, size int64) (ok bool, err error) {
	b := make([]byte, min(size, segment.HeaderSize))
	if _, err := file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	h, err := segment.ParseHeader(b)
	var version *segment.VersionError
	switch {
	case errors.As(err, &version):
		return false, &RefusedError{Path: s.name, Why: fmt.Sprintf("%v; use the evhub that wrote it, or a newer one", err)}
	case err == nil && h.Journal != d.env.id:
		d.found.ForeignSegments++
		d.setAside(s.name, "it belongs to another journal")
		return false, nil
	case err == nil:
		s.seed, s.first = h.Seed(), h.First
		return true, nil
	}
	seed, ok := segment.FindSeed(file, size, 0)
	if !ok {
		return false, d.headless(s.name, file, size)
	}
	d.found.LostHeaders++
	d.bad(s.name, file, segment.Range{Length: segment.HeaderSize})
	s.seed = seed
	return true, nil
}
