package journal

import (
	"errors"
	"io"
	"io/fs"
	"strings"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// deadFound is what a segment holds.
type deadFound struct {
	letters []deadEntry
	removed []keyRange
	started bool            // there is a deadStart, which says that
	good    uint64          // was the last key that counted
	unknown segment.Kind    // of a frame that must not be passed over
	end     int64           // of the last frame that counts
	bad     []segment.Range // damage
	whole   bool            // it was ended well
	torn    segment.Range   // what was being written when the process or the machine stopped
}

// findLetters goes over the headers of a segment that was ended well, and reads every byte of any other.
func findLetters(file io.ReaderAt, seed segment.Seed, size int64) (deadFound, error) {
	found, err := skimLetters(file, seed, size)
	if err != nil || found.whole {
		return found, err
	}
	return scanLetters(file, seed, size)
}

func skimLetters(file io.ReaderAt, seed segment.Seed, size int64) (found deadFound, err error) {
	skim := segment.NewSkimmer(file, seed, segment.HeaderSize, size)
	var last segment.Kind
	for skim.Next() {
		f := skim.Frame()
		last = f.Kind
		if last == deadRemoved || last == deadStart {
			payload, good, err := skim.Payload()
			if err != nil || !good {
				return found, err
			}
			f.Payload = payload
		}
		found.add(f, skim.Length())
	}
	found.end = skim.Offset()
	found.whole = last == segment.End && found.end == size
	return found, skim.Err()
}

// scanLetters reads all frames and judges what is none. Every group's first frame says that all before it was on disk,
// so bad bytes before such a frame are damage. Behind the last of them, they are a group that was never acknowledged.
func scanLetters(file io.ReaderAt, seed segment.Seed, size int64) (found deadFound, err error) {
	sure, err := lastFirst(file, seed, size)
	if err != nil {
		return found, err
	}
	scan := segment.NewScanner(file, seed, segment.HeaderSize, size)
	for scan.Next() {
		f := scan.Frame()
		if n := len(scan.Bad()); n > 0 && scan.Bad()[n-1].Offset > sure {
			break
		}
		found.add(f, len(f.Payload))
		found.end = f.End()
	}
	for _, r := range scan.Bad() {
		if r.Offset > sure {
			found.torn = segment.Range{Offset: r.Offset, Length: size - r.Offset}
			break
		}
		found.bad = append(found.bad, r)
	}
	found.end = max(found.end, segment.HeaderSize)
	return found, scan.Err()
}

// lastFirst is the offset of the last frame that begins a group.
func lastFirst(file io.ReaderAt, seed segment.Seed, size int64) (offset int64, err error) {
	scan := segment.NewScanner(file, seed, segment.HeaderSize, size)
	for scan.Next() {
		if f := scan.Frame(); f.Flags&segment.First != 0 {
			offset = f.Offset
		}
	}
	return offset, scan.Err()
}

func (found *deadFound) add(f segment.Frame, length int) {
	switch f.Kind {
	case segment.Event:
		found.letters = append(found.letters, deadEntry{key: f.Seq, size: uint32(length)})
	case deadRemoved:
		ranges, ok := decodeRanges(f.Payload)
		found.removed = append(found.removed, ranges...)
		if !ok { // the checksums are right: whoever wrote this did not mean what is understood here
			found.bad = append(found.bad, segment.Range{Offset: f.Offset, Length: segment.FrameSize(length)})
		}
	case deadStart:
		found.good, found.started = decodeStart(f.Payload)
	case segment.End:
	default:
		if !f.Kind.Skippable() {
			found.unknown = f.Kind
		}
	}
}

// recover counts and copies damage, and cuts off what was never acknowledged. Even where nothing is seen behind the end,
// a power cut can bring back what was cut off before a kill, under keys that will be used again.
func (d *DeadLetters) recover(s *deadSegment, file disk.File, found *deadFound) error {
	for _, r := range found.bad {
		d.bad(s.name, file, r)
	}
	d.found.TornBytes += found.torn.Length
	if d.env.readOnly || found.whole {
		return nil
	}
	return d.truncate(s.name, found.end)
}

func (d *DeadLetters) truncate(name string, size int64) error {
	file, err := d.env.fs.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(file.Truncate(size), file.Sync(), file.Close())
}

// bad counts a range that holds no good frame, and copies it to quarantine.
func (d *DeadLetters) bad(name string, file disk.File, r segment.Range) {
	d.found.BadFrames++
	d.found.BadBytes += r.Length
	log := d.env.log.With("file", name, "offset", r.Offset, "bytes", r.Length)
	if d.env.readOnly {
		log.Error("damaged dead letters")
		return
	}
	copied, err := quarantine(d.env.fs, name, file, r)
	if err != nil {
		log.Error("damaged dead letters, which could not be copied to quarantine", "error", err)
		return
	}
	d.found.Quarantined = append(d.found.Quarantined, copied)
	log.Error("damaged dead letters", "copy", copied)
}

// lose gives up letters whose frames are not good any more.
func (d *DeadLetters) lose(s *deadSegment, file disk.File, keys []uint64, ranges []segment.Range) {
	d.mu.Lock()
	defer d.mu.Unlock()
	lost := 0
	for _, key := range keys {
		if d.keeper(key) == s {
			s.drop(s.find(key), deadGone)
			lost++
		}
	}
	if lost == 0 {
		return
	}
	d.env.log.Error("dead letters are lost to damage", "file", s.name, "letters", lost)
	d.found.LostRecords += uint64(lost)
	for _, r := range ranges {
		d.bad(s.name, file, r)
	}
}

// headless deals with a file that has neither a header nor a frame. One that has nothing at all is what the beginning
// of a segment leaves if it is interrupted.
func (d *DeadLetters) headless(name string, file disk.File, size int64) error {
	b := make([]byte, min(size, deadEmptySize))
	if _, err := file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if size <= deadEmptySize || strings.Trim(string(b), "\x00") == "" && size < 2*deadEmptySize {
		if d.env.readOnly {
			return nil
		}
		if err := d.env.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.env.log.Warn("an empty segment of dead letters could not be removed", "file", name, "error", err)
		}
		return nil
	}
	d.found.LostHeaders++
	d.setAside(name, "it holds neither a header nor a frame")
	return nil
}

// setAside moves a file to quarantine.
func (d *DeadLetters) setAside(name, why string) {
	log := d.env.log.With("file", name, "because", why)
	if d.env.readOnly {
		log.Error("a segment of dead letters is passed over")
		return
	}
	to := quarantineDir + "/" + strings.ReplaceAll(name, "/", "-")
	fsys := d.env.fs
	err := errors.Join(fsys.MkdirAll(quarantineDir), fsys.Rename(name, to), fsys.SyncDir(quarantineDir), fsys.SyncDir(d.dir))
	if err != nil {
		log.Error("a segment of dead letters is passed over; it could not be moved to quarantine", "error", err)
		return
	}
	d.found.Quarantined = append(d.found.Quarantined, to)
	log.Error("a segment of dead letters was moved to quarantine", "to", to)
}
