package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"
	"time"

	"github.com/evhub/evhub/internal/journal/segment"
)

// rewriteAll rewrites runs. Where there is no room for a run, it tries the segments that need the least, one by one, as
// each of them makes some.
func (j *Journal) rewriteAll(runs [][]*logSegment) error {
	var tight []*logSegment
	for _, run := range runs {
		err := j.rewriteWithBallast(run)
		if err == nil {
			err = j.removeMerged()
		}
		switch {
		case IsNoRoom(err) && len(run) > 1:
			tight = append(tight, run...)
		case err != nil:
			return err
		}
	}
	slices.SortStableFunc(tight, func(a, b *logSegment) int { return cmp.Compare(a.wanted, b.wanted) })
	for _, s := range tight {
		if 2*s.wanted >= s.size || !j.isPresent(s) {
			continue
		}
		if err := errors.Join(j.rewriteWithBallast([]*logSegment{s}), j.removeMerged()); err != nil {
			return err
		}
	}
	return nil
}

// rewriteWithBallast rewrites a run, with the room of the ballast if the disk is full.
func (j *Journal) rewriteWithBallast(run []*logSegment) error {
	if need := neededFor(run); need > j.ballast.room(j) {
		return fmt.Errorf("journal: %d bytes are needed to rewrite %s: %w", need, run[0].name, syscall.ENOSPC)
	}
	err := j.rewrite(run)
	if IsNoRoom(err) && j.ballast.give(j) {
		err = j.rewrite(run)
	}
	return err
}

// neededFor is how much room it takes at least to rewrite a run.
func neededFor(run []*logSegment) (bytes int64) {
	for _, s := range run {
		bytes += s.wanted
	}
	return bytes
}

func (j *Journal) isPresent(s *logSegment) bool { return slices.Contains(j.all(), s) }

// rewrite puts what is still needed of neighbouring segments into one new segment, which takes the place of the first of
// them; removeMerged removes the others. The caller holds compacting.
//
// A crash before the rename leaves a file that Open removes; a crash after it leaves old segments whose records are in
// the new one, which its last frame says, and Open removes them.
func (j *Journal) rewrite(run []*logSegment) error {
	for _, s := range run { // as long as they are open, whoever reads them goes on with the old files
		if _, err := s.acquire(j.fs); err != nil {
			return err
		}
		defer s.release()
	}
	r, err := j.newRewriting(run)
	if err != nil {
		return err
	}
	if err := r.write(run); err != nil {
		_ = j.remove(logPath(r.temporary)) // the next attempt would
		return err
	}
	if err := j.fs.Rename(logPath(r.temporary), logPath(r.new.name)); err != nil && !holds(j.fs, logPath(r.new.name), r.new.seed) {
		_ = j.remove(logPath(r.temporary))
		return err
	}
	j.swap(run, r.new)
	for _, s := range run[1:] {
		j.merged = append(j.merged, s.name)
	}
	j.unsynced = true
	return nil
}

// removeMerged removes the files of segments that were merged, once the rename that replaces them is durable. They are
// gone for good before the new segment can go: one of them may hold a group that failed, and only the new one stands
// for it.
func (j *Journal) removeMerged() error {
	if !j.unsynced {
		return nil
	}
	if err := j.fs.SyncDir(logDir); err != nil {
		return err
	}
	if len(j.merged) > 0 {
		for _, name := range j.merged {
			if err := j.remove(logPath(name)); err != nil {
				return err
			}
		}
		if err := j.fs.SyncDir(logDir); err != nil {
			return err
		}
	}
	j.merged, j.unsynced = nil, false
	return nil
}

// swap puts the new segment in place of a run.
func (j *Journal) swap(run []*logSegment, with *logSegment) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := slices.Index(j.segments, run[0])
	j.segments = slices.Replace(slices.Clone(j.segments), i, i+len(run), with)
	j.stats.Compactions++
	for _, s := range run {
		s.retire()
	}
}

// rewriting is a segment that is being written from others.
type rewriting struct {
	j         *Journal
	temporary string
	new       *logSegment
	writer    *segment.Writer
	done      []uint64 // by number: what is needed lies behind; the highest Seq there is for those that are dropped
	seq       uint64   // the last that was seen
	closing   *table   // what was accepted up to the end; nil: not known
}

func (j *Journal) newRewriting(run []*logSegment) (*rewriting, error) {
	first, last := run[0], run[len(run)-1]
	created := first.created
	if created.IsZero() {
		created = time.Unix(0, 0)
	}
	h := segment.Header{
		Flags: segment.Rewritten, Journal: j.id, First: first.first, Salt: randomSalt(), Created: created,
	}
	r := &rewriting{j: j, temporary: first.name + temporarySuffix, seq: first.first - min(first.first, 1)}
	t := r.plan(first, last)
	r.new = &logSegment{
		name: first.name, first: first.first, seed: h.Seed(), created: first.created, rewritten: true,
		before: t.marks(), sealed: true, last: last.last,
		tried: first.wanted,
	}
	err := j.fs.Remove(logPath(r.temporary))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if r.writer, err = segment.Create(j.fs, logPath(r.temporary), h); err != nil {
		return nil, err
	}
	r.writer.Add(segment.Table, segment.First, t.last, t.encode(), nil)
	return r, nil
}

// plan decides what is needed, and returns the table that comes first: what was accepted before, by the names of now.
func (r *rewriting) plan(first, last *logSegment) *table {
	j := r.j
	j.mu.Lock()
	defer j.mu.Unlock()
	r.done = make([]uint64, j.state.nextNumber)
	for n := range r.done {
		r.done[n] = 1<<64 - 1
	}
	now := j.state.table(j.cursors.durable)
	for _, row := range now.rows {
		r.done[row.number] = row.done.Seq
	}
	next := j.segments[slices.Index(j.segments, last)+1] // the newest segment is never rewritten
	if next.before != nil {
		r.closing = now.at(next.before, last.last)
	}
	return now.at(first.before, r.seq)
}

// write fills the new segment and makes it durable.
func (r *rewriting) write(run []*logSegment) error {
	for _, s := range run {
		if err := r.copy(s); err != nil {
			return errors.Join(err, r.writer.Close())
		}
	}
	if r.closing != nil {
		r.writer.Add(segment.Table, segment.First, r.closing.last, r.closing.encode(), nil)
	}
	if err := r.writer.Seal(r.new.last, nil); err != nil {
		return errors.Join(err, r.writer.Close())
	}
	r.new.end, r.new.size = r.writer.Size(), r.writer.Size()
	return r.writer.Close()
}

// copy takes over what is needed of a segment. Damage is passed over and told, as a reader does.
func (r *rewriting) copy(s *logSegment) error {
	file, err := s.acquire(r.j.fs)
	if err != nil {
		return err
	}
	defer s.release()
	scan := segment.NewScanner(file, s.seed, segment.HeaderSize, s.end)
	judged := 0
	for scan.Next() {
		f := scan.Frame()
		if bad := scan.Bad(); len(bad) > judged && f.Flags&segment.First != 0 {
			r.j.damaged(s, bad[judged:])
			judged = len(bad)
		}
		if f.Kind == segment.End || f.Kind == segment.Event && f.Seq > s.last {
			break
		}
		if f.Kind > segment.End && !f.Kind.Skippable() {
			return unknownKind(s)
		}
		if r.wants(f) {
			r.new.note(place{after: r.seq, offset: r.writer.Size()})
			r.writer.Add(f.Kind, segment.First, f.Seq, f.Payload, nil)
		}
		if f.Kind == segment.Event {
			r.seq = max(r.seq, f.Seq)
			if f.Seq == s.last {
				break
			}
		}
	}
	return errors.Join(scan.Err(), r.writer.Err())
}

// wants reports whether a frame is needed by some destination.
func (r *rewriting) wants(f segment.Frame) bool {
	if f.Kind != segment.Event {
		return f.Kind != segment.Table
	}
	packed, _, ok := splitPayload(f.Payload)
	if !ok || f.Seq <= r.seq {
		return false
	}
	for len(packed) > 0 {
		var number uint32
		number, packed, _ = nextNumber(packed)
		if int64(number) < int64(len(r.done)) && f.Seq > r.done[number] {
			return true
		}
	}
	return false
}
