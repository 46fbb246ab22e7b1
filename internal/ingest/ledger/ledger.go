package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/evhub/evhub/internal/journal/disk"
)

// Ledger remembers which events were put. It is for one goroutine at a time, and has its directory for itself.
type Ledger struct {
	fs    disk.FS
	lock  io.Closer
	runs  map[string]*run
	order []string // idents of runs, the one used last at the end
	begun map[*run]bool
}

// openRuns is how many runs are kept in memory; those that were not used for longest are read again when they are wanted.
const openRuns = 64

// Accepted returns the ids of the events that a journal has.
type Accepted func() (map[string]bool, error)

// Open opens the ledger in a directory, which must not be in use: else the error is a disk.ErrLocked. It asks accepted, and
// that only if a process has died between the begin and the end of putting a group.
func Open(fsys disk.FS, accepted Accepted) (*Ledger, error) {
	lock, err := fsys.Lock("LOCK")
	if err != nil {
		return nil, err
	}
	l := &Ledger{fs: fsys, lock: lock, runs: map[string]*run{}, begun: map[*run]bool{}}
	if err := l.recover(accepted); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return l, nil
}

// recover decides what is in doubt.
func (l *Ledger) recover(accepted Accepted) error {
	infos, err := l.fs.List(".")
	if err != nil {
		return err
	}
	var have map[string]bool
	for _, info := range infos {
		switch {
		case strings.HasSuffix(info.Name, temporary):
			if err = l.fs.Remove(info.Name); errors.Is(err, fs.ErrNotExist) {
				err = nil // it went when its run was written anew, just before
			}
		case strings.HasSuffix(info.Name, suffix):
			err = l.decide(info.Name, func() (map[string]bool, error) {
				if have != nil {
					return have, nil
				}
				have, err = accepted()
				return have, err
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// decide decides what is in doubt of one run.
func (l *Ledger) decide(name string, accepted Accepted) error {
	text, file, err := slurp(l.fs, name)
	if err != nil {
		return err
	}
	_ = file.Close() // it was only read
	c, ok, err := parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if !ok || len(c.doubtful) == 0 {
		return nil
	}
	have, err := accepted()
	if err != nil {
		return err
	}
	put := len(c.doubtful)
	for put > 0 && !have[c.doubtful[put-1].id.String()] {
		put--
	}
	r := &run{fs: l.fs, name: name, ident: c.ident}
	defer r.close()
	return r.replace(append(c.settled, c.doubtful[:put]...), nil)
}

// Claim reports whether an event has not been put yet, and is not being put. From now on it counts as such.
func (l *Ledger) Claim(e Entry) (fresh bool, err error) {
	id, err := uuid.Parse(e.ID)
	if err != nil {
		return false, fmt.Errorf("the id %q is no UUID: %w", e.ID, err)
	}
	r, err := l.run(e.Ident)
	if err != nil || r.known.has(id) {
		return false, err
	}
	r.known.add(id, e.Status)
	return true, nil
}

// Has reports whether an event has been put, or is being put.
func (l *Ledger) Has(e Entry) (bool, error) {
	id, err := uuid.Parse(e.ID)
	if err != nil {
		return false, nil
	}
	r, err := l.run(e.Ident)
	return err == nil && r.known.has(id), err
}

// Begin makes durable that events are about to be put, in this order. After an error none of them must be put; the call
// may be repeated. Entries without an id are passed over.
func (l *Ledger) Begin(entries []Entry) error {
	clear(l.begun)
	groups, order := map[string][]entry{}, []string(nil)
	for _, e := range entries {
		id, err := uuid.Parse(e.ID)
		if err != nil {
			continue
		}
		if groups[e.Ident] == nil {
			order = append(order, e.Ident)
		}
		groups[e.Ident] = append(groups[e.Ident], entry{id, e.Status})
	}
	for _, ident := range order {
		r, err := l.run(ident)
		if err != nil {
			return err
		}
		for _, e := range groups[ident] {
			r.known.add(e.id, e.status)
		}
		if err := r.begin(groups[ident]); err != nil {
			return err
		}
		l.begun[r] = true
	}
	return nil
}

// Done says that all that was begun is put, or will never be.
func (l *Ledger) Done() {
	for r := range l.begun {
		r.done()
	}
	clear(l.begun)
	l.evict()
}

// run returns a run, from memory if it is there.
func (l *Ledger) run(ident string) (*run, error) {
	if r := l.runs[ident]; r != nil {
		if last := len(l.order) - 1; l.order[last] != ident {
			i := slices.Index(l.order, ident)
			l.order = append(slices.Delete(l.order, i, i+1), ident)
		}
		return r, nil
	}
	r, err := openRun(l.fs, ident)
	if err != nil {
		return nil, err
	}
	l.runs[ident], l.order = r, append(l.order, ident)
	return r, nil
}

// evict forgets runs that were not used for long. Nothing of theirs is claimed without being done: they would be among
// the last.
func (l *Ledger) evict() {
	for len(l.order) > openRuns {
		l.runs[l.order[0]].close()
		delete(l.runs, l.order[0])
		l.order = l.order[1:]
	}
}

// Close gives the directory back.
func (l *Ledger) Close() error {
	for _, r := range l.runs {
		r.close()
	}
	return l.lock.Close()
}
