package journal

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"path"
	"time"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// deadWriter writes the newest segment.
type deadWriter struct {
	*segment.Writer
	segment *deadSegment
}

// commit makes the frames that add gathers durable, in one write and one fsync, in the newest segment. After an error
// the file is finished, and the next commit begins another.
func (d *DeadLetters) commit(add func(*segment.Writer)) error {
	w, err := d.writer()
	if err != nil {
		return err
	}
	add(w.Writer)
	if err := w.Sync(); err != nil {
		d.abandon()
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	w.segment.size = w.Size()
	return nil
}

// commitRemoval makes durable that letters are gone, and marks them.
func (d *DeadLetters) commitRemoval(ranges []keyRange) error {
	err := d.commit(func(w *segment.Writer) { w.Add(deadRemoved, segment.First, d.good, nil, encodeRanges(ranges)) })
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.removeRanges(ranges)
	return nil
}

// writer returns the newest segment if it can take more, or a new one.
func (d *DeadLetters) writer() (*deadWriter, error) {
	if d.active != nil && d.active.Size() < d.env.segmentBytes {
		return d.active, nil
	}
	if err := d.seal(); err != nil {
		d.env.log.Warn("a segment of dead letters could not be ended; all that counts in it is on disk", "dir", d.dir, "error", err)
	}
	return d.begin()
}

// begin makes a new segment. When it returns, file and name are durable, so that what is written next can count.
func (d *DeadLetters) begin() (*deadWriter, error) {
	if err := d.makeDir(); err != nil {
		return nil, err
	}
	h := segment.Header{Journal: d.env.id, First: d.next, Salt: rand.Uint64(), Created: time.Now()}
	name, sw, err := d.create(h)
	if err != nil {
		return nil, err
	}
	sw.Add(deadStart, segment.First, d.good, nil, encodeStart(d.good))
	w := &deadWriter{Writer: sw, segment: &deadSegment{name: name, first: h.First, seed: h.Seed(), size: sw.Size()}}
	if err = sw.Sync(); err == nil {
		err = d.env.fs.SyncDir(d.dir)
	}
	if err != nil {
		// Nothing in it counts, and a file less is left on a disk that is full.
		return nil, errors.Join(err, sw.Close(), d.env.fs.Remove(name))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.segments = append(d.segments, w.segment)
	d.active = w
	return w, nil
}

// makeDir makes the directory of the first segment.
func (d *DeadLetters) makeDir() error {
	if len(d.segments) > 0 {
		return nil
	}
	return errors.Join(d.env.fs.MkdirAll(d.dir), d.env.fs.SyncDir(deadDir), d.env.fs.SyncDir("."))
}

// create makes the file. Where others have the same first key, of which none has a letter, its name sorts behind theirs:
// the newest segment has to be the last one, which is never unlinked, so that its keys are not used again.
func (d *DeadLetters) create(h segment.Header) (string, *segment.Writer, error) {
	infos, err := d.env.fs.List(d.dir)
	if err != nil {
		return "", nil, err
	}
	for _, s := range d.segments { // even if one seems to be gone: removing it may have failed half-way
		infos = append(infos, disk.Info{Name: path.Base(s.name)})
	}
	attempt := 0
	for _, f := range deadFiles(infos) {
		if f.first == h.First {
			attempt = max(attempt, f.attempt+1)
		}
	}
	for ; ; attempt++ {
		name := d.dir + "/" + segmentName(h.First, attempt)
		w, err := segment.Create(d.env.fs, name, h)
		if !errors.Is(err, fs.ErrExist) || attempt > maxSameFirst {
			return name, w, err
		}
	}
}

// maxSameFirst ends the search for a name on a disk that says that every file exists.
const maxSameFirst = 1 << 20

// seal ends the newest segment with a frame that says that it is whole.
func (d *DeadLetters) seal() error {
	w := d.active
	if w == nil {
		return nil
	}
	d.active = nil
	err := w.Seal(d.good, nil)
	if err == nil {
		d.mu.Lock()
		w.segment.size = w.Size()
		d.mu.Unlock()
	}
	return errors.Join(err, w.Close())
}

// abandon gives up the newest segment after an error. What was written last does not count, and is cut off where that
// is possible; else the next segment says so, until this one is rewritten.
func (d *DeadLetters) abandon() {
	w := d.active
	d.active = nil
	w.segment.tail = true // another sync of this file would say nothing
	_ = w.File().Truncate(w.segment.size)
	_ = w.Close()
	if w.segment.size > deadEmptySize || d.env.fs.Remove(w.segment.name) != nil {
		return
	}
	// Each try of a full disk would leave another file.
	d.mu.Lock()
	defer d.mu.Unlock()
	d.segments = d.segments[:len(d.segments)-1]
}

// deadEmptySize is the size of a segment without letters and removals.
var deadEmptySize = segment.HeaderSize + segment.FrameSize(len(encodeStart(0)))
