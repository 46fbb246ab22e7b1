package journal

import (
	"sync"
	"time"
)

// background is the goroutines of a journal: the saver, which makes moved cursors durable, and the compactor, which
// makes room. Without them, when Options.SaveEvery is negative, its methods do nothing.
type background struct {
	moved chan struct{} // a cursor has moved
	room  chan struct{} // room is wanted
	done  chan struct{}
	once  sync.Once
	all   sync.WaitGroup
}

// compactEvery is how often the compactor looks for segments that keep little.
const compactEvery = 5 * time.Second

// complainEvery is how often the log is told of what goes on failing.
const complainEvery = 30 * time.Second

// start starts the goroutines.
func (j *Journal) start() {
	if j.o.SaveEvery < 0 {
		return
	}
	b := &j.background
	b.moved, b.room, b.done = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
	b.all.Go(func() { j.saver() })
	b.all.Go(func() { j.compactor() })
}

// stop ends the goroutines and waits for them.
func (b *background) stop() {
	if b.done == nil {
		return
	}
	b.once.Do(func() { close(b.done) })
	b.all.Wait()
}

// save says that a cursor has moved.
func (b *background) save() { signal(b.moved) }

// compact says that room is wanted.
func (b *background) compact() { signal(b.room) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // said already, or there is nobody to hear
	}
}

// saver makes cursors durable some time after the first of them has moved, and then lets go what they do not need any
// more. After an error it tries again as long as it takes.
func (j *Journal) saver() {
	b := &j.background
	for {
		select {
		case <-b.moved:
		case <-b.done:
			return
		}
		if !b.wait(j.o.SaveEvery) {
			return
		}
		if err := j.SyncCursors(); err != nil {
			j.log.Error("journal: cursors could not be saved", "error", err)
			b.save()
			if !b.wait(time.Second) {
				return
			}
			continue
		}
		if j.cursors.dirty() {
			b.save() // the log went on meanwhile
		}
		j.unlink()
	}
}

// wait is false if the journal is closed before the time is over.
func (b *background) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-b.done:
		return false
	}
}

// compactor rewrites what keeps little, now and then, or at once when room is wanted.
func (j *Journal) compactor() {
	b := &j.background
	ticks := time.NewTicker(compactEvery)
	defer ticks.Stop()
	var told time.Time
	for {
		urgent := false
		select {
		case <-ticks.C:
		case <-b.room:
			urgent = true
		case <-b.done:
			return
		}
		if err := j.compact(urgent); err != nil && time.Since(told) > complainEvery {
			told = time.Now()
			j.log.Warn("journal: could not make room", "error", err)
		}
	}
}
