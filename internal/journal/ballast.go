package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"syscall"
)

// ballast is a file that takes room for nothing, as much as a segment. When the disk is full it is given up, so that
// cursors can be saved and segments be rewritten; Append leaves that room alone.
type ballast struct {
	mu   sync.Mutex
	held bool
	out  atomic.Bool // given up, not made again yet
}

// ballastMargin is how many times the ballast has to be free for it to be made.
const ballastMargin = 4

// find looks for the ballast of the process before.
func (b *ballast) find(j *Journal) {
	f, err := j.fs.OpenRead(ballastFile)
	if err != nil {
		return // there is none, or none to count on
	}
	defer f.Close()
	size, err := f.Size()
	b.held = err == nil && size >= j.segmentBytes()
	if !b.held {
		_ = j.fs.Remove(ballastFile) // keep makes another one
	}
}

// keep makes the ballast, when there is room for it and a log that may need it.
func (b *ballast) keep(j *Journal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held || j.noRoom() && !b.out.Load() || j.Stats().Segments < 2 {
		return
	}
	free, err := j.fs.Free()
	if err != nil || free < ballastMargin*j.segmentBytes() {
		return
	}
	f, err := j.fs.Create(ballastFile)
	if err != nil {
		return
	}
	err = errors.Join(f.Preallocate(0, j.segmentBytes()), f.Close())
	if err != nil {
		_ = j.fs.Remove(ballastFile)
		return
	}
	b.held = true
	b.out.Store(false)
}

// give gives the ballast up. It is false if there is none.
func (b *ballast) give(j *Journal) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.held {
		return false
	}
	if err := j.fs.Remove(ballastFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	b.held = false
	b.out.Store(true)
	_ = j.fs.SyncDir(".") // some file systems give the room back only then
	j.log.Warn("journal: the disk is full; the ballast is given up to make room")
	return true
}

// leaves fails if growing by size would take the room that was given up for other purposes.
func (b *ballast) leaves(j *Journal, size int64) error {
	if !b.out.Load() {
		return nil
	}
	free, err := j.fs.Free()
	if err == nil && free < size+j.segmentBytes() {
		err = fmt.Errorf("journal: %d bytes are free, and kept for compaction: %w", free, syscall.ENOSPC)
	}
	return err
}
