package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"syscall"
)

// ballast is a file that takes room for nothing. When the disk is full it is given up, so that cursors can be saved,
// segments be rewritten and dead letters be kept. Append never gets that room: it fails until the ballast is whole
// again.
type ballast struct {
	mu   sync.Mutex
	held int64 // how large it is
	owed int64 // how large it has to be before Append gets more room
	thin atomic.Bool
}

const (
	// ballastShare is the part of the free room that the ballast takes at most when it is made.
	ballastShare = 8
	// minBallast is less than what anything could be done with.
	minBallast = 64 << 10
	// smallBallast is enough while there is only one segment.
	smallBallast = 256 << 10
)

// find looks for the ballast of the process before. If that has given it up and the disk is still full, it comes first.
func (b *ballast) find(j *Journal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := j.fs.OpenRead(ballastFile)
	if errors.Is(err, fs.ErrNotExist) {
		if free, err := j.fs.Free(); err == nil && free < 2*smallBallast && len(j.all()) > 1 {
			b.owed = minBallast
			b.thin.Store(true)
		}
		return
	}
	if err != nil {
		return // keep tries
	}
	defer f.Close()
	if size, err := f.Size(); err == nil {
		b.held = size
	}
}

// keep makes the ballast as large as it should be, or as it can be.
func (b *ballast) keep(j *Journal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	target := int64(smallBallast)
	if len(j.all()) > 1 { // a segment is rewritten if less than half of it is needed
		target += j.segmentBytes() / 2
	}
	free, err := j.fs.Free()
	if err != nil {
		return // what is there stays
	}
	want := min(target, max((free+b.held)/ballastShare, minBallast))
	if free+b.held < 2*want {
		want = 0
	}
	if want = max(want, b.owed); want > b.held {
		b.grow(j, min(want, b.held+free))
	}
	if b.held >= b.owed {
		b.owed = 0
		b.thin.Store(false)
	}
}

// ensure makes the ballast if it is missing, before the log takes room. The caller holds writing.
func (b *ballast) ensure(j *Journal) {
	if (b.thin.Load() || b.isGone()) && j.compacting.TryLock() { // else what was given up may be for what is being done now
		b.keep(j)
		j.compacting.Unlock()
	}
}

func (b *ballast) isGone() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held == 0
}

// grow makes the file larger, in steps that get smaller where there is less room than was said.
func (b *ballast) grow(j *Journal, size int64) {
	f, err := j.fs.Open(ballastFile)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = j.fs.Create(ballastFile)
	}
	if err != nil {
		return
	}
	defer f.Close()
	for step := size - b.held; step > 0; step /= 2 {
		err := f.Preallocate(b.held, step)
		if err == nil {
			b.held += step
			return
		}
		if !IsNoRoom(err) {
			b.owed = 0 // it cannot be had here
			return
		}
	}
}

// give gives the ballast up. It is false if there is none.
func (b *ballast) give(j *Journal) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held == 0 {
		return false
	}
	b.thin.Store(true) // before there is room
	if err := j.fs.Remove(ballastFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.thin.Store(b.owed > 0)
		return false
	}
	b.owed, b.held = max(b.owed, b.held), 0
	_ = j.fs.SyncDir(".") // some file systems give the room back only then
	j.log.Info("journal: the disk is full; the ballast is given up for what must go on")
	return true
}

// room is what could be written with the ballast given up.
func (b *ballast) room(j *Journal) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	free, err := j.fs.Free()
	if err != nil {
		return 1 << 62 // trying tells
	}
	return free + b.held
}

// spare fails if Append is not to take any more room. The caller holds writing.
func (b *ballast) spare(j *Journal) error {
	b.ensure(j)
	if !b.thin.Load() && !b.scarce(j) {
		return nil
	}
	return fmt.Errorf("journal: the room that is left is kept for deliveries: %w", syscall.ENOSPC)
}

// scarce reports whether there is no ballast, and hardly the room for one.
func (b *ballast) scarce(j *Journal) bool {
	if !b.isGone() {
		return false
	}
	free, err := j.fs.Free()
	return err == nil && free < 2*minBallast
}

// withRoom does a write again for which there was no room, if giveWay makes some; nil makes none.
func withRoom(giveWay func() bool, write func() error) error {
	err := write()
	for range 2 { // the spare files, and the ballast
		if giveWay == nil || !IsNoRoom(err) || !giveWay() {
			break
		}
		err = write()
	}
	return err
}

// giveWay makes room for what must go on when the disk is full: it gives up the spare files, and then the ballast. It is
// false if all are gone already.
func (j *Journal) giveWay() bool {
	if j.dropSpares() {
		return true
	}
	if !j.ballast.give(j) {
		return false
	}
	j.background.compact() // to make it again, as large as can be
	return true
}
