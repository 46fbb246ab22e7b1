package hub

import (
	"errors"
	"fmt"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/internal/journal/disk"
)

// openJournal is the journal of a hub.
type openJournal struct {
	*journal.Journal
	log *journalLog
	dir string
	// orphaned are the dead letters of destinations that were not in the acct file when the hub was opened.
	orphaned map[uint32]*journal.DeadLetters
}

// JournalStats is a snapshot of a hub's journal.
type JournalStats struct {
	// Dir is where it is, ID its identity.
	Dir, ID string
	// Segments are the files of the log, DiskBytes what they take.
	Segments  int
	DiskBytes int64
	// Waiting are the bytes that are accepted by PutNowait, or offered by a Put that waits, and not yet on disk.
	Waiting int64
	// Failure is why it takes no events at present; empty if it does.
	Failure string
	// Damaged counts the places that could not be read.
	Damaged uint64
	// Missed are events that were accepted and were not in the journal any more when it was opened, without a word about
	// whom they were for. MissedBy are the destinations that may not have had some of them.
	Missed   int64
	MissedBy []string
}

// openJournal opens the journal that the options ask for, for so many destinations.
func (h *Hub) openJournal(destinations int) error {
	c := h.config
	if _, err := c.journalOptions.limits(destinations); err != nil {
		return err
	}
	j, err := journal.Open(c.journal, journal.Options{
		FS: c.journalFS, Logger: h.logger, SegmentBytes: c.journalOptions.SegmentBytes, MaxBytes: c.journalOptions.MaxBytes,
	})
	if err != nil {
		return fmt.Errorf("evhub: %w", withRoomCure(err))
	}
	h.limits, err = c.journalOptions.limits(max(destinations, len(j.Destinations())))
	if err != nil {
		return errors.Join(err, j.Close())
	}
	log := newJournalLog(j, h.logger)
	h.journal = &openJournal{Journal: j, log: log, dir: c.journal}
	h.log, h.seq = log, j.LastSeq()
	h.sealer.Overhead = evbus.JournalOverhead
	h.streams.journal = j.ID() + ":"
	h.committer = newCommitter(h)
	return nil
}

// withRoomCure adds to an error of a journal that finds no room on its disk what can be done.
func withRoomCure(err error) error {
	_, said := errors.AsType[*disk.DirError](err)
	if said || !journal.IsNoRoom(err) {
		return err
	}
	return fmt.Errorf("%w; make room on that disk, or give the journal a directory on another one", err)
}

// closeJournal closes the journal, if there is one. Nobody delivers any more.
func (h *Hub) closeJournal() error {
	if h.journal == nil {
		return nil
	}
	h.journal.log.close()
	if err := h.journal.Close(); err != nil {
		return fmt.Errorf("evhub: closing the journal: %w", err)
	}
	return nil
}

// places returns the places of the destinations of p. Names that are new to the journal are written to it.
func (j *openJournal) places(p *Plan, present map[string]*evbus.Destination) ([]place, error) {
	names := make([]string, len(p.Destinations))
	for i, planned := range p.Destinations {
		names[i] = planned.Name
	}
	numbers, err := j.Assign(names)
	if err != nil {
		return nil, fmt.Errorf("evhub: the destinations could not be written to the journal in %s: %w", j.dir, withRoomCure(err))
	}
	places := make([]place, len(numbers))
	for i, number := range numbers {
		places[i].number = number
		if present[names[i]] != nil {
			continue
		}
		store, err := j.DeadLetters(number)
		if err != nil {
			return nil, fmt.Errorf("evhub: the dead letters of %s: %w", names[i], err)
		}
		places[i].letters = journalLetters{store}
	}
	return places, nil
}

// setMemory has as much of d's backlog in memory as its options allow.
func (h *Hub) setMemory(d *evbus.Destination) {
	if h.journal != nil {
		h.journal.log.setMemory(d.Number(), int64(d.Config().Options.Delivery.Memory))
	}
}

// journalStats adds what the journal has to tell.
func (h *Hub) journalStats(s *Stats) {
	if h.journal == nil {
		return
	}
	j := h.journal.Stats()
	of := &JournalStats{
		Dir: h.journal.dir, ID: h.journal.ID(), Segments: j.Segments, DiskBytes: j.DiskBytes, Damaged: j.BadFrames,
	}
	of.Missed, of.MissedBy = missed(h.journal.Journal)
	h.mu.Lock()
	of.Waiting = h.committer.gathering.bytes
	if w := h.committer.writing; w != nil {
		of.Waiting += w.bytes
	}
	if err := h.committer.failure; err != nil {
		of.Failure = err.Error()
	}
	h.mu.Unlock()
	s.Journal = of
	s.Destinations = append(s.Destinations, h.orphans(s.Destinations)...)
}
