package hub

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
)

// Journal is a journal that no hub of this process has open, to be looked at and worked on. Its methods are not for
// concurrent use.
type Journal struct {
	journal *journal.Journal
	dir     string
	looking bool
	parser  evbus.StoredParser
}

// ErrReadOnly: the journal was opened for looking only.
var ErrReadOnly = errors.New("evhub: the journal was opened for looking only")

// OpenJournal opens the journal in dir, which must exist, for work on it. While another process has it, the error is an
// ErrLocked that names the process; where there is none, it is an fs.ErrNotExist.
func OpenJournal(dir string, opts ...Option) (*Journal, error) {
	looked, err := ReadJournal(dir, append(opts[:len(opts):len(opts)], WithLogger(slog.New(slog.DiscardHandler)))...) // what is wrong is told once
	if err == nil {
		err = looked.Close()
	}
	if err != nil {
		return nil, err
	}
	return openAdmin(dir, opts, journal.Options{})
}

// ReadJournal opens the journal in dir for looking only, which is possible while a hub has it: nothing is changed, and
// what would change the journal fails with ErrReadOnly. It shows the journal as it was at this moment. Where there is
// none, the error is an fs.ErrNotExist.
func ReadJournal(dir string, opts ...Option) (*Journal, error) {
	return openAdmin(dir, opts, journal.Options{ReadOnly: true})
}

func openAdmin(dir string, opts []Option, o journal.Options) (*Journal, error) {
	c := newConfig(opts)
	o.FS, o.Logger, o.SegmentBytes = c.journalFS, c.logger, c.journalOptions.SegmentBytes
	j, err := journal.Open(dir, o)
	if err != nil {
		return nil, fmt.Errorf("evhub: %w", withRoomCure(err))
	}
	tellOfMissed(j, dir, c.logger)
	return &Journal{
		journal: j, dir: dir, looking: o.ReadOnly,
		parser: evbus.StoredParser{Overhead: evbus.JournalOverhead},
	}, nil
}

// writable returns ErrReadOnly if nothing may be changed.
func (j *Journal) writable() error {
	if j.looking {
		return ErrReadOnly
	}
	return nil
}

// JournalGiven is what one destination had and another one has now, or nobody.
type JournalGiven struct{ Events, DeadLetters int }

func givenOf(g journal.Given) JournalGiven {
	return JournalGiven{int(g.Events.Events), int(g.DeadLetters.Events)}
}

// Adopt gives what waits for destination from to destination to, dead letters included, for when it has another name in
// the acct file by now. It returns how much that is.
func (j *Journal) Adopt(from, to string) (JournalGiven, error) {
	if err := j.writable(); err != nil {
		return JournalGiven{}, err
	}
	if err := j.retire(from); err != nil {
		return JournalGiven{}, err
	}
	moved, err := j.journal.Adopt(from, to)
	return givenOf(moved), err
}

// Drop gives up what waits for a destination, dead letters included, and returns how much that was.
func (j *Journal) Drop(name string) (JournalGiven, error) {
	if err := j.writable(); err != nil {
		return JournalGiven{}, err
	}
	if err := j.retire(name); err != nil {
		return JournalGiven{}, err
	}
	dropped, err := j.journal.Drop(name)
	return givenOf(dropped), err
}

// retire notes that a destination is not configured any more: the acct file may have changed since a hub had the journal.
func (j *Journal) retire(name string) error {
	var active []string
	listed := false
	for _, d := range j.journal.Destinations() {
		if d.Active && d.Name != name {
			active = append(active, d.Name)
		}
		listed = listed || d.Active && d.Name == name
	}
	if !listed {
		return nil
	}
	_, err := j.journal.Assign(active)
	return err
}

// Close closes the journal.
func (j *Journal) Close() error { return j.journal.Close() }
