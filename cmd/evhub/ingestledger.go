package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/runner"
	"github.com/evhub/evhub/internal/ingest/ledger"
	"github.com/evhub/evhub/internal/journal/disk"
)

// putLedger remembers which events of Ansible Runner were put. It is in the directory of the journal, since neither says
// anything without the other. Nil remembers nothing.
type putLedger struct {
	dir *disk.OS

	// mu: after a signal nobody waits for the goroutine that reads.
	mu     sync.Mutex
	ledger *ledger.Ledger
	closed bool
}

func ledgerDir(journal string) string { return filepath.Join(journal, "ingest") }

// recoverLedger opens the ledger of a journal that no hub has opened yet, so that what the journal has of a call that was
// killed is still there. It is nil if there is no ledger.
func recoverLedger(journal string) (*putLedger, error) {
	if journal == "" {
		return nil, nil
	}
	if _, err := os.Stat(ledgerDir(journal)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return openLedger(journal)
}

// orNew returns l, or a new ledger if it is nil and there is a journal, which must be open by now: it would not be made in
// a directory that has something in it.
func (l *putLedger) orNew(journal string) (*putLedger, error) {
	if l != nil || journal == "" {
		return l, nil
	}
	return openLedger(journal)
}

func openLedger(journal string) (*putLedger, error) {
	dir, err := disk.NewOS(ledgerDir(journal))
	if err != nil {
		return nil, err
	}
	l, err := ledger.Open(dir, func() (map[string]bool, error) { return idsIn(journal) })
	if err != nil {
		err = errors.Join(err, dir.Close())
		if errors.Is(err, disk.ErrLocked) {
			return nil, explain(err, journal, "give another --journal DIR, or --no-journal")
		}
		return nil, fmt.Errorf("which events were put before: %w", err)
	}
	return &putLedger{dir: dir, ledger: l}, nil
}

// idsIn returns the ids of Runner's events in a journal.
func idsIn(dir string) (map[string]bool, error) {
	ids := map[string]bool{}
	j, err := hub.ReadJournal(dir)
	if err != nil {
		return nil, err
	}
	for e, err := range j.Events(hub.JournalFilter{Profile: "runner-*"}) {
		if err != nil {
			return nil, errors.Join(err, j.Close())
		}
		ids[e.Event.ID] = true
	}
	return ids, j.Close()
}

func entryOf(e hub.Event) ledger.Entry {
	return ledger.Entry{Ident: e.Key, ID: e.ID, Status: e.Profile == runner.StatusProfile}
}

var errLedgerClosed = errors.New("reading has ended")

// claim reports whether an event was not put before, and has it count as such from now on.
func (l *putLedger) claim(e hub.Event) (fresh bool, err error) {
	if l == nil || e.ID == "" {
		return true, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false, errLedgerClosed
	}
	return l.ledger.Claim(entryOf(e))
}

func (l *putLedger) has(ident, id string) (bool, error) {
	if l == nil {
		return false, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false, errLedgerClosed
	}
	return l.ledger.Has(ledger.Entry{Ident: ident, ID: id})
}

// ledgerPause is how long to wait before the ledger is written again, on a disk that is full for one.
const ledgerPause = time.Second

// begin makes it durable that events are about to be put, as soon as the disk takes it.
func (l *putLedger) begin(p *putter, events []hub.Event) error {
	if l == nil || len(events) == 0 {
		return nil
	}
	entries := make([]ledger.Entry, 0, len(events))
	for _, e := range events {
		entries = append(entries, entryOf(e))
	}
	ctx, cancel := p.limited(p.signals.asked)
	defer cancel()
	for told := false; ; told = true {
		err := l.tryBegin(entries)
		if err == nil {
			return nil
		}
		if !told {
			p.o.logger().Warn("evhub: it cannot be written which events are put; trying again", "error", err)
		}
		select {
		case <-time.After(ledgerPause):
		case <-ctx.Done():
			return err
		}
	}
}

func (l *putLedger) tryBegin(entries []ledger.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ledger.Begin(entries)
}

// done says that all that was begun is put, or will never be.
func (l *putLedger) done() {
	if l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ledger.Done()
	}
}

func (l *putLedger) close() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return errors.Join(l.ledger.Close(), l.dir.Close())
}
