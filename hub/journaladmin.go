package hub

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Journal is a journal that no hub has open, to be looked at and worked on. Its methods are not for concurrent use.
type Journal struct{}

// OpenJournal opens the journal in dir for work on it. While another process has it, the error is an ErrLocked that
// names the process.
func OpenJournal(dir string, opts ...Option) (*Journal, error) {
	_, _ = dir, opts
	return nil, errors.New("evhub: not there yet")
}

// ReadJournal opens the journal in dir for looking only, which is possible while a hub has it: nothing is changed,
// and what changes the journal fails with ErrReadOnly.
func ReadJournal(dir string, opts ...Option) (*Journal, error) {
	_, _ = dir, opts
	return nil, errors.New("evhub: not there yet")
}

// ErrReadOnly: the journal was opened for looking only.
var ErrReadOnly = errors.New("evhub: the journal was opened for looking only")

// JournalStatus is what a journal holds.
type JournalStatus struct {
	// Dir is where it is, ID its identity.
	Dir, ID string
	// PID is the process that has it open, 0 if none or unknown.
	PID int
	// LastSeq is the number of its newest event.
	LastSeq uint64
	// Segments are the files of the log and DiskBytes what all files take; FreeBytes is what the disk has left.
	Segments             int
	DiskBytes, FreeBytes int64
	// Quarantined are files with damaged parts that were set aside.
	Quarantined  []string
	Destinations []JournalBacklog
}

// JournalBacklog is what waits for one destination.
type JournalBacklog struct {
	Name string
	// Active: the destination was in the acct file when the journal was used last.
	Active bool
	// Events and Bytes wait to be delivered; Oldest is about when the oldest of them was accepted.
	Events int
	Bytes  int64
	Oldest time.Time
	// Delivered counts the events that are settled since the destination is known.
	Delivered                 int64
	DeadLetters               int
	DeadLetterBytes           int64
	FirstWaiting, LastSettled uint64
	// Newest is the number of the newest event for the destination.
	Newest uint64
}

// JournalEvent is one event of a journal.
type JournalEvent struct {
	Seq uint64
	// Destinations are the names of those that it was accepted for; Waiting those that have not settled it.
	Destinations, Waiting []string
	Event                 Event
}

// JournalFilter chooses events of a journal. What is left zero chooses all.
type JournalFilter struct {
	// Destination and Profile are globs. With Waiting only events that one of the chosen destinations has not
	// settled.
	Destination, Profile string
	Waiting              bool
	// After is the Seq behind which to begin.
	After uint64
}

// JournalFault is something wrong in a journal.
type JournalFault struct {
	File   string
	Offset int64
	// What is wrong, and Cure what can be done.
	What, Cure string
}

// JournalCheck is the outcome of a check of every frame.
type JournalCheck struct {
	Segments, Frames, Letters int
	Bytes                     int64
	Faults                    []JournalFault
}

// Status says what is queued where.
func (j *Journal) Status() (JournalStatus, error) { return JournalStatus{}, nil }

// Verify checks every frame. progress, if not nil, is called now and then with the bytes read and all there are.
func (j *Journal) Verify(ctx context.Context, progress func(done, all int64)) (JournalCheck, error) {
	_, _ = ctx, progress
	return JournalCheck{}, nil
}

// Events yields the events that f chooses, oldest first, up to what is there now.
func (j *Journal) Events(f JournalFilter) iter.Seq2[JournalEvent, error] {
	_ = f
	return func(func(JournalEvent, error) bool) {}
}

// DeadLetters yields the dead letters that f chooses, oldest first at each destination.
func (j *Journal) DeadLetters(f DeadFilter) iter.Seq2[DeadLetter, error] {
	_ = f
	return func(func(DeadLetter, error) bool) {}
}

// Discard removes the dead letters that f chooses for good and returns how many.
func (j *Journal) Discard(f DeadFilter) (int, error) { _ = f; return 0, ErrReadOnly }

// Replay puts the dead letters that f chooses again, as Hub.Replay does; they are delivered when a hub opens the
// journal.
func (j *Journal) Replay(ctx context.Context, f DeadFilter) (int, error) {
	_, _ = ctx, f
	return 0, ErrReadOnly
}

// Adopt gives what waits for destination from, which is no longer in the acct file, to destination to. It returns how
// many events that are.
func (j *Journal) Adopt(from, to string) (int, error) { _, _ = from, to; return 0, ErrReadOnly }

// Drop gives up what waits for a destination, dead letters included, and returns how many events that were.
func (j *Journal) Drop(name string) (int, error) { _ = name; return 0, ErrReadOnly }

// Close closes the journal.
func (j *Journal) Close() error { return nil }
