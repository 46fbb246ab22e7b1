package journal

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io/fs"
	"time"

	"github.com/evhub/evhub/internal/journal/segment"
)

// bare is what begin is asked for to make a segment that takes as little room as can be.
const bare = -1

// begin makes a new segment with room for size bytes of records. It is on disk, with its name, when begin returns. The
// caller holds writing.
func (j *Journal) begin(size int64) error {
	j.ballast.ensure(j)
	t := j.state.table(j.cursors.get)
	h := segment.Header{Journal: j.id, First: j.seq + 1, Salt: randomSalt(), Created: time.Now()}
	if size == bare {
		j.dropSpares()
	}
	name, w, spare, err := j.create(&h)
	if err != nil {
		return err
	}
	reused := spare != ""
	payload := t.encode()
	w.Add(segment.Table, segment.First, t.last, payload, nil)
	if size != bare {
		if err = j.prepare(w, size); !IsNoRoom(err) {
			err = nil // then it grows as it is written, and writing tells if it cannot
		}
	}
	if err == nil {
		err = w.Sync()
	}
	if err == nil && reused {
		err = j.fs.Rename(logPath(spare), logPath(name))
	}
	if err == nil {
		err = j.fs.SyncDir(logDir)
	}
	if err != nil {
		_ = w.Close()
		_ = j.remove(logPath(name)) // if it stays, it holds nothing
		if reused {
			_ = j.remove(logPath(spare))
		}
		return err
	}
	s := &logSegment{
		name: name, first: h.First, seed: h.Seed(), created: h.Created, before: t.marks(), reused: reused,
		last: h.First - 1, end: w.Size(), size: max(w.Room(), w.Size()),
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.writer, j.active = w, s
	j.moved()
	if reused {
		j.stats.Reused++
	}
	j.segments = append(j.segments[:len(j.segments):len(j.segments)], s)
	return nil
}

// create makes the file of a segment, under a name that no other one has; or it takes a spare file, which gets the name
// when its content is durable.
func (j *Journal) create(h *segment.Header) (name string, w *segment.Writer, spare string, err error) {
	attempt := 0
	for _, s := range j.all() { // above all that are there: segments of one Seq are in the order of their attempts
		if seq, n, _ := parseSegmentName(s.name); seq == h.First {
			attempt = max(attempt, n+1)
		}
	}
	for ; ; attempt++ {
		if name = segmentName(h.First, attempt); j.isThere(name) {
			continue
		}
		h.Flags |= segment.Reused
		if w, spare = j.reuse(*h); w != nil {
			return name, w, spare, nil
		}
		h.Flags &^= segment.Reused
		w, err = segment.Create(j.fs, logPath(name), *h)
		if !errors.Is(err, fs.ErrExist) { // it is there, but cannot be opened
			return name, w, "", err
		}
	}
}

func randomSalt() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.LittleEndian.Uint64(b[:])
}

// seal ends the active segment, if there is one: it says what has become of each destination, gives back the room that
// is not used, and goes to disk. All records in it are durable already, so an error costs nothing but that. The caller
// holds writing.
func (j *Journal) seal() {
	w, s := j.writer, j.active
	if w == nil {
		return
	}
	w.Add(segment.Table, segment.First, j.state.last, j.state.table(j.cursors.get).encode(), nil)
	err := w.Seal(s.last, nil)
	if err != nil {
		j.log.Warn("journal: a segment was left without its end", "segment", s.name, "error", err)
	}
	_ = w.Close()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.writer, j.active = nil, nil
	j.moved()
	s.sealed = err == nil
	s.size = max(w.Room(), w.Size())
	if err == nil {
		s.size = w.Size()
	}
}

// abandon closes the active segment for good, after an error: what was written to it since the last good sync counts no
// more, and no sync would tell. The caller holds writing.
func (j *Journal) abandon(err error) {
	j.log.Warn("journal: a segment failed and is closed; the next group goes to a new one",
		"segment", j.active.name, "error", err)
	// The failed group is better gone, and if the disk is full its room is wanted. If that fails too, the next segment
	// says that it does not count.
	_ = j.writer.File().Truncate(j.active.end)
	_ = j.writer.Close()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.active.tail = true
	j.writer, j.active = nil, nil
	j.moved()
}
