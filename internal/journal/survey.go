package journal

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// found is a segment as Open finds it.
type found struct {
	*logSegment
	attempt    int
	headerLost bool
	readable   bool   // there is a header or a good frame
	table      *table // nil if it is lost
	salt       uint64
	// endSeq is what the last frame says, if the segment is sealed.
	endSeq uint64
}

// survey looks at the beginning and the end of each segment, and puts what does not belong to the log aside. What is
// left is in order; those in which nothing can be read are given apart.
func (j *Journal) survey() (segments, unreadable []*found, err error) {
	infos, err := j.fs.List(logDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	j.listed = segmentNames(infos)
	var gone *found // the newest one that went away
	for _, info := range infos {
		seq, attempt, ok := parseSegmentName(info.Name)
		switch {
		case strings.HasPrefix(info.Name, "."):
			continue
		case strings.HasSuffix(info.Name, temporarySuffix):
			if err := j.remove(logPath(info.Name)); err != nil {
				return nil, nil, err
			}
			continue
		case !ok || info.Dir:
			return nil, nil, &RefusedError{Path: logPath(info.Name), Why: "is not evhub's; move it out of the journal's directory"}
		}
		f := &found{logSegment: &logSegment{name: info.Name, first: seq}, attempt: attempt}
		belongs, err := j.look(f)
		if j.wentAway(f, err) {
			if gone == nil || gone.compare(f) < 0 {
				gone = f
			}
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if belongs {
			segments = append(segments, f)
		}
	}
	slices.SortFunc(segments, (*found).compare)
	if n := len(segments); gone != nil && (n == 0 || segments[n-1].compare(gone) < 0) {
		return nil, nil, errMoved // those behind it, which came since, are not listed
	}
	segments, unreadable = j.withoutUnreadable(segments)
	if segments, err = j.withoutCopies(segments); err != nil {
		return nil, nil, err
	}
	segments, err = j.withoutMerged(segments)
	return segments, unreadable, err
}

// compare orders segments.
func (s *found) compare(b *found) int {
	return cmp.Or(cmp.Compare(s.first, b.first), cmp.Compare(s.attempt, b.attempt))
}

// wentAway reports whether a segment, which look has looked at with an error or none, was unlinked or written over by the
// process that has the journal open.
func (j *Journal) wentAway(f *found, err error) bool {
	if !j.readOnly || err != nil {
		return j.readOnly && errors.Is(err, fs.ErrNotExist)
	}
	return (f.table == nil || f.headerLost) && !j.isThere(f.name)
}

// segmentNames returns the names of segments among those of files.
func segmentNames(infos []disk.Info) (names []string) {
	for _, info := range infos {
		if _, _, ok := parseSegmentName(info.Name); ok {
			names = append(names, info.Name)
		}
	}
	return names
}

// hasMoved reports whether segments came or went since survey has listed them.
func (j *Journal) hasMoved() bool {
	infos, err := j.filesIn(logDir)
	return err == nil && !slices.Equal(j.listed, segmentNames(infos))
}

// look reads the header, the first table and the last frame of a segment. It reports whether the segment is part of
// this journal.
func (j *Journal) look(f *found) (belongs bool, err error) {
	file, err := j.fs.OpenRead(logPath(f.name))
	if err != nil {
		return false, err
	}
	defer file.Close()
	if f.size, err = file.Size(); err != nil {
		return false, err
	}
	f.end = f.size
	var b [segment.HeaderSize]byte
	if _, err := file.ReadAt(b[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	h, err := segment.ParseHeader(b[:])
	var version *segment.VersionError
	switch {
	case errors.As(err, &version):
		return false, newer(logPath(f.name), version)
	case err != nil:
		return true, j.lookWithoutHeader(f, file)
	case j.readOnly && h.First != f.first && !j.isThere(f.name):
		return false, fs.ErrNotExist // it is the file of a newer segment by now
	case h.Journal != j.id:
		return false, j.putAside(f, "it belongs to another journal", "")
	case h.First != f.first:
		original := segmentName(h.First, 0)
		return false, j.putAside(f, "by its header it is "+original, original)
	}
	f.readable = true
	f.seed, f.salt, f.created = h.Seed(), h.Salt, h.Created
	f.rewritten, f.reused = h.Flags&segment.Rewritten != 0, h.Flags&segment.Reused != 0
	return true, j.lookInside(f, file)
}

func (j *Journal) lookWithoutHeader(f *found, file io.ReaderAt) error {
	f.headerLost = true
	f.seed, f.readable = segment.FindSeed(file, f.size, f.first)
	if !f.readable {
		return nil
	}
	return j.lookInside(f, file)
}

func (j *Journal) lookInside(f *found, file io.ReaderAt) error {
	frame, ok, err := segment.ReadFrame(file, f.seed, segment.HeaderSize, f.size)
	if err != nil {
		return err
	}
	if ok && frame.Kind == segment.Table {
		if t, err := decodeTable(frame.Payload); err == nil {
			f.table, f.before = t, t.marks()
		}
	}
	if f.table == nil {
		s := segment.NewScanner(file, f.seed, segment.HeaderSize, f.size)
		if f.readable = s.Next(); s.Err() != nil {
			return s.Err()
		}
	}
	frame, ok, err = segment.ReadFrame(file, f.seed, f.size-segment.FrameHeaderSize, f.size)
	if ok && frame.Kind == segment.End {
		f.sealed, f.endSeq = true, frame.Seq
	}
	f.tail = !f.sealed
	return err
}

// withoutUnreadable takes the segments out in which nothing can be read. What is to become of them is decided when it is
// known whether something is missing.
func (j *Journal) withoutUnreadable(segments []*found) (kept, unreadable []*found) {
	for _, f := range segments {
		if !f.readable {
			unreadable = append(unreadable, f)
			continue
		}
		kept = append(kept, f)
		if f.headerLost {
			j.recovery.LostHeaders++
		}
	}
	return kept, unreadable
}

// unfinishedSize is the most that a segment is believed to have had written before it was created for good; what is
// prepared behind that reads as zeros.
const unfinishedSize = 256 << 10

// mayHaveHeld reports whether a segment in which nothing can be read has more than one that was never created for good.
func (j *Journal) mayHaveHeld(f *found) bool {
	if f.size <= unfinishedSize {
		return false
	}
	file, err := j.fs.OpenRead(logPath(f.name))
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) // then whoever has the journal has got rid of it
	}
	defer file.Close()
	empty, err := segment.Empty(file, unfinishedSize, f.size)
	return !empty || err != nil
}

// judgeUnreadable removes a segment in which nothing can be read if it held nothing: the machine stopped, or the disk
// failed, before it was created for good. It puts it aside if it may have held records that are missing.
func (j *Journal) judgeUnreadable(f *found, missing bool) error {
	if missing {
		j.recovery.LostHeaders++
		return j.putAside(f, "nothing in it can be read", "")
	}
	j.recovery.TornBytes += f.size
	return j.remove(logPath(f.name))
}

// withoutCopies puts segments aside that have the salt of another one: somebody has copied the file.
func (j *Journal) withoutCopies(segments []*found) ([]*found, error) {
	seen := map[uint64]string{}
	kept := segments[:0]
	for _, f := range segments {
		if !f.headerLost {
			if original, ok := seen[f.salt]; ok {
				if err := j.putAside(f, "", original); err != nil {
					return nil, err
				}
				continue
			}
			seen[f.salt] = f.name
		}
		kept = append(kept, f)
	}
	return kept, nil
}

// withoutMerged removes segments whose records are in a rewritten one: the machine stopped before they were unlinked.
func (j *Journal) withoutMerged(segments []*found) ([]*found, error) {
	kept := segments[:0]
	for _, f := range segments {
		if n := len(kept); n > 0 && kept[n-1].standsFor(f) {
			if err := j.remove(logPath(f.name)); err != nil {
				return nil, err
			}
			continue
		}
		if f.rewritten && !f.sealed {
			last, err := j.highest(f)
			if err != nil {
				return nil, err
			}
			f.endSeq = last
		}
		kept = append(kept, f)
	}
	return kept, nil
}

// standsFor reports whether f was merged into the older segment s.
func (s *found) standsFor(f *found) bool {
	return (s.rewritten || s.headerLost) && f.first > s.first && f.first <= s.endSeq
}

// highest reads a segment to find its highest Seq.
func (j *Journal) highest(f *found) (seq uint64, err error) {
	file, err := j.fs.OpenRead(logPath(f.name))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	s := segment.NewScanner(file, f.seed, segment.HeaderSize, f.size)
	for s.Next() {
		seq = max(seq, s.Frame().Seq)
	}
	return seq, s.Err()
}

// foreign is a segment that is not part of the log.
type foreign struct {
	name string
	why  string
	copy string // of which segment it is a copy, if that is there; "": of none
}

// putAside moves a segment that is not part of the log to quarantine.
func (j *Journal) putAside(f *found, why, original string) error {
	if why == "" {
		why = "it is a copy of " + original
	}
	j.recovery.ForeignSegments++
	j.foreign = append(j.foreign, foreign{f.name, why, original})
	if j.readOnly {
		j.log.Warn("journal: a segment is passed over", "segment", f.name, "reason", why)
		return nil
	}
	j.log.Warn("journal: a segment was put into quarantine", "segment", f.name, "reason", why)
	if err := j.fs.MkdirAll(quarantineDir); err != nil {
		return err
	}
	aside := path.Join(quarantineDir, f.name)
	if err := j.fs.Rename(logPath(f.name), aside); err != nil {
		return err
	}
	j.recovery.Quarantined = append(j.recovery.Quarantined, aside)
	return errors.Join(j.fs.SyncDir(quarantineDir), j.fs.SyncDir(logDir))
}

// remove unlinks a file that nothing needs.
func (j *Journal) remove(name string) error {
	if j.readOnly {
		return nil
	}
	err := j.fs.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
