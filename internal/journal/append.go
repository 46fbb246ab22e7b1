package journal

import (
	"fmt"
	"time"

	"github.com/evhub/evhub/internal/journal/segment"
)

// reserve is the room behind the frames of the active segment that Append leaves alone, so that even on a full disk it
// can be ended and another one be begun.
const reserve = 32 << 10

// Append makes a group of records durable. Seqs rise within a group and from group to group; normally by one, so that a
// gap says that something was lost. After an error nothing of the group counts, whatever is on disk of it: the same Seqs
// can be given again. IsNoRoom errors pass when there is room again. One call at a time.
func (j *Journal) Append(group []Record) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.usable(); err != nil {
		return err
	}
	defer j.encoder.reset()
	batches, err := j.encoder.encode(&j.state, group)
	if err != nil {
		j.noteRoom(err)
		return err
	}
	return j.appendBatches(nil, batches)
}

// AppendBatches is Append for batches that are encoded, and have records, in the draft d or without one. Seqs rise from
// one to the next.
func (j *Journal) AppendBatches(d *Draft, batches ...*Batch) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	return j.appendBatches(d, batches)
}

func (j *Journal) appendBatches(d *Draft, batches []*Batch) error {
	if err := j.usable(); err != nil {
		return err
	}
	if len(batches) == 0 {
		return nil
	}
	size, err := j.measure(batches)
	if err == nil {
		err = j.append(d, batches, size)
	}
	j.noteRoom(err)
	return err
}

func (j *Journal) append(d *Draft, batches []*Batch, size int64) error {
	if err := j.makeRoom(size); err != nil {
		return err
	}
	j.groupSize += (size - j.groupSize) / 8
	j.write(d, batches)
	if err := j.writer.Sync(); err != nil {
		err = fmt.Errorf("journal: %s: %w", j.active.name, err)
		j.abandon(err)
		return err
	}
	j.publish(batches)
	if j.cursors.noteEnd(j.seq) {
		j.background.save()
	}
	return nil
}

// write hands a group to the writer.
func (j *Journal) write(d *Draft, group []*Batch) {
	flags := segment.First
	if d.begins(group, j.writer) {
		j.writer.WriteInPlace(d.buf[:d.used])
		flags, group = 0, group[len(d.in):]
		j.mu.Lock()
		j.stats.InPlace++
		j.mu.Unlock()
	}
	for _, b := range group {
		j.writer.AddFrames(b.frames, flags, b.First)
		flags = 0
	}
}

// measure checks batches and returns how many bytes they take.
func (j *Journal) measure(batches []*Batch) (size int64, err error) {
	last := j.seq // changed only by who holds writing
	for _, b := range batches {
		if err := b.check(&j.state, last); err != nil {
			return 0, err
		}
		last = b.last()
		size += int64(len(b.frames))
	}
	return size, nil
}

// makeRoom makes sure that there is an active segment with room for size bytes.
func (j *Journal) makeRoom(size int64) error {
	if j.writer != nil && !j.active.empty() && j.writer.Size()+size > j.segmentBytes() {
		j.seal()
	}
	if err := j.withinMax(size); err != nil {
		return err
	}
	if j.writer == nil {
		return j.begin(size)
	}
	err := j.prepare(j.writer, size)
	if err == nil || IsNoRoom(err) {
		return err
	}
	// The file does not want to grow, for whatever reason; perhaps another one will.
	j.log.Warn("journal: a segment is ended early", "segment", j.active.name, "error", err)
	j.seal()
	return j.begin(size)
}

// prepare makes room in a segment for size bytes and the reserve.
func (j *Journal) prepare(w *segment.Writer, size int64) error {
	size += reserve
	if w.Size()+size <= w.Room() {
		return nil
	}
	if err := j.ballast.spare(j); err != nil {
		return err
	}
	zeros := j.groupSize < smallGroup
	err := w.Prepare(size, j.step(w), zeros)
	if IsNoRoom(err) {
		err = w.Prepare(size, 0, zeros)
	}
	return err
}

// Steps in which the active segment grows: small while it is small, so that a small journal stays small.
const (
	minStep = 64 << 10
	maxStep = 16 << 20
)

// smallGroup is the size of a group, in bytes, below which it is cheaper to fill room with zeros first than to have each
// group change what the file system keeps about the file. With larger ones the zeros cost more than they save.
const smallGroup = 256 << 10

func (j *Journal) step(w *segment.Writer) int64 {
	step := min(max(w.Room(), minStep), maxStep)
	if left := j.segmentBytes() + reserve - w.Room(); step > left {
		step = max(left, 0)
	}
	return step
}

// segmentBytes is where a segment ends. With a limit for all of them they are small enough that one can go while others
// stay.
func (j *Journal) segmentBytes() int64 {
	if j.o.MaxBytes > 0 {
		return max(min(j.o.SegmentBytes, j.o.MaxBytes/4), minStep)
	}
	return j.o.SegmentBytes
}

// withinMax fails if size more bytes are too many for MaxBytes.
func (j *Journal) withinMax(size int64) error {
	if j.o.MaxBytes == 0 {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	used := j.doomedSize.Load()
	for _, s := range j.segments {
		used += s.end
	}
	if used+size > j.o.MaxBytes {
		return fmt.Errorf("%w: %d of at most %d bytes are taken, and %d more are wanted", ErrFull, used, j.o.MaxBytes, size)
	}
	return nil
}

// publish makes a group that is durable visible.
func (j *Journal) publish(batches []*Batch) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.active
	s.note(place{after: j.seq, offset: s.end})
	s.end, s.size = j.writer.Size(), j.writer.Room()
	j.moved()
	s.last = batches[len(batches)-1].last()
	j.seq, j.state.last = s.last, s.last
	for _, b := range batches {
		for _, c := range b.counts {
			d := j.state.dests[c.number]
			d.accepted = d.accepted.Plus(c.totals)
			d.newest = b.First + uint64(c.newest)
		}
	}
}

// noteRoom remembers since when there is no room.
func (j *Journal) noteRoom(err error) {
	full := IsNoRoom(err)
	j.mu.Lock()
	switch {
	case full && j.stats.NoRoomSince.IsZero():
		j.stats.NoRoomSince = time.Now()
	case err == nil:
		j.stats.NoRoomSince = time.Time{}
	case !full:
		j.stats.WriteErrors++
	}
	j.mu.Unlock()
	if full {
		j.background.compact()
	}
}
