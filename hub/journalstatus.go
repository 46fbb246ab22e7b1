package hub

import (
	"context"
	"fmt"
	"time"

	"github.com/evhub/evhub/internal/journal"
)

// JournalStatus is what a journal holds.
type JournalStatus struct {
	// Dir is where it is, ID its identity.
	Dir, ID string
	// PID is the process that has it open, 0 if none or unknown.
	PID int
	// LastSeq is the number of its newest event.
	LastSeq uint64
	// Segments are the files of the log and DiskBytes what all files take; FreeBytes is what the disk has left, -1 if
	// that cannot be known.
	Segments             int
	DiskBytes, FreeBytes int64
	// Quarantined are files with damaged parts that were set aside.
	Quarantined  []string
	Destinations []JournalBacklog
}

// JournalBacklog is what waits for one destination.
type JournalBacklog struct {
	// Name is its identity, or # and its number if that is lost with the journal's log.
	Name string
	// Active: the destination was in the acct file when the journal was used last.
	Active bool
	// Events and Bytes wait to be delivered; Oldest is about when the oldest of them was accepted.
	Events int
	Bytes  int64
	Oldest time.Time
	// Settled counts the events that are done with since the destination is known: delivered, dead letters, dropped and
	// lost ones, which the journal does not tell apart. LastSettled is the number up to which all are.
	Settled     int64
	LastSettled uint64
	// Newest is the number of the newest event for the destination.
	Newest uint64
	// DeadLetters and DeadLetterBytes are its dead letters.
	DeadLetters     int
	DeadLetterBytes int64
}

// Status says what is queued where.
func (j *Journal) Status() (JournalStatus, error) {
	found, err := j.journal.Status()
	if err != nil {
		return JournalStatus{}, fmt.Errorf("evhub: %w", err)
	}
	s := JournalStatus{
		Dir: j.dir, ID: found.ID, LastSeq: found.LastSeq, Segments: found.Segments,
		DiskBytes: found.LogBytes + found.DeadBytes + found.QuarantineBytes, FreeBytes: found.FreeBytes,
		Quarantined: found.Quarantined,
	}
	if found.Holder != nil {
		s.PID = found.Holder.PID
	}
	for _, q := range found.Destinations {
		s.Destinations = append(s.Destinations, backlogOf(q))
	}
	return s, nil
}

func backlogOf(q journal.Queue) JournalBacklog {
	b := JournalBacklog{
		Name: q.Label(), Active: q.Active, Oldest: q.Oldest,
		Settled: int64(q.Done.Events), LastSettled: q.Done.Seq, Newest: q.Newest,
		DeadLetters: int(q.DeadLetters.Events), DeadLetterBytes: int64(q.DeadLetters.Bytes),
	}
	b.Events, b.Bytes = inBacklog(q.Waiting)
	return b
}

func (j *Journal) letters(d journal.Destination) (journalLetters, error) {
	store, err := j.journal.DeadLetters(d.Number)
	if err != nil {
		return journalLetters{}, fmt.Errorf("evhub: the dead letters of %s: %w", d.Name, err)
	}
	return journalLetters{store}, nil
}

// JournalFault is something wrong in a journal.
type JournalFault struct {
	File   string
	Offset int64
	// Harmless: nothing that was accepted is lost or delivered again because of it.
	Harmless bool
	// What is wrong, and Cure what can be done.
	What, Cure string
}

// JournalCheck is the outcome of a check of every frame.
type JournalCheck struct {
	Segments, Frames, Letters int
	Bytes                     int64
	Faults                    []JournalFault
}

// Verify checks every frame. progress, if not nil, is called now and then with the bytes read and all there are.
func (j *Journal) Verify(ctx context.Context, progress func(done, all int64)) (JournalCheck, error) {
	found, err := j.journal.Verify(ctx, progress)
	c := JournalCheck{
		Segments: found.Segments + found.DeadSegments, Frames: found.Frames, Letters: int(found.DeadLetters.Events), Bytes: found.Bytes,
	}
	c.Faults = faultsOf(found.Findings)
	return c, err
}

// Unreadable reads the log and says where events cannot be read that Events passes over.
func (j *Journal) Unreadable(ctx context.Context) ([]JournalFault, error) {
	found, err := j.journal.Unreadable(ctx)
	return faultsOf(found), err
}

func faultsOf(findings []journal.Finding) (faults []JournalFault) {
	for _, f := range findings {
		faults = append(faults, JournalFault{f.File, f.Offset, f.Harmless(), f.What, f.Cure})
	}
	return faults
}
