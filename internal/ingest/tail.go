package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/runner"
)

// TailOptions say what of an artifact directory is read.
type TailOptions struct {
	// Dir is the artifact directory of one run, with job_events in it, or the one above, of many runs. It can be both:
	// "ansible-runner process" without an ident writes beside the directories of other runs.
	Dir string
	// Runner.Ident, with a directory of many runs, chooses one of them.
	Runner runner.Options
	// Follow: wait for what is yet to come: one run until its end, many until Next's context ends.
	Follow bool
	// Known reports whether the event of a run with this id is known: its file is not read then. It may be nil.
	Known func(ident, id string) (bool, error)
	Log   *slog.Logger
}

// Tail reads events from the files that ansible-runner leaves in artifact directories: job_events/<counter>-<uuid>.json,
// in the order of their counters, and at the end of a run the last status, from the file status. It is for one goroutine
// at a time.
type Tail struct {
	o    TailOptions
	runs map[string]*tailedRun // by their names in o.Dir
	// queue are the runs with events that are to be read now.
	queue  []*tailedRun
	single bool
	pause  time.Duration
	odd    oddities
	closed map[string]bool // directories that may not be read, of which that is told
	list   func(dir string) (names []string, err error)
}

// NewTail returns a reader of the files of o.Dir, which must exist.
func NewTail(o TailOptions) (*Tail, error) {
	t := &Tail{o: o, runs: map[string]*tailedRun{}, closed: map[string]bool{}, odd: oddities{log: o.Log}, list: listNames}
	info, err := os.Stat(o.Dir)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the artifact directory: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is no directory", o.Dir)
	}
	dir, ident, err := onlyRun(o)
	if err != nil {
		return nil, err
	}
	if dir != "" {
		t.single, t.runs[ident] = true, t.newRun(dir, ident)
	}
	return t, nil
}

// The pause between two looks is short, and not much of the machine's time goes into looking.
const (
	shortestPause = 100 * time.Millisecond
	pauseFactor   = 20
)

// Next reads one event, or none if ok is false: call it again. The error is io.EOF at the end, or what is wrong with
// reading. What is wrong with one file is counted and logged. Where it would wait when ctx has ended, that is the end.
func (t *Tail) Next(ctx context.Context) (e hub.Event, ok bool, err error) {
	if !t.Ready() {
		if err := t.look(); err != nil {
			return e, false, err
		}
		if !t.Ready() {
			return e, false, t.rest(ctx)
		}
	}
	r := t.queue[0]
	e, ok, err = r.next()
	if !r.ready() {
		t.queue = t.queue[1:]
	}
	return e, ok, err
}

// Ready reports whether there is more to read without another look at the directory.
func (t *Tail) Ready() bool { return len(t.queue) > 0 }

// Counts says what there was besides events so far. It may be called at any time.
func (t *Tail) Counts() Counts { return t.odd.soFar() }

// rest waits until it is time for another look. It is io.EOF if there is nothing to wait for.
func (t *Tail) rest(ctx context.Context) error {
	waiting := false
	for _, r := range t.runs {
		waiting = waiting || !r.notBefore.IsZero() || t.o.Follow && !r.ended
	}
	if !waiting && (t.single || !t.o.Follow) {
		return io.EOF
	}
	timer := time.NewTimer(max(shortestPause, t.pause))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return io.EOF
	}
}

// look looks for events in all runs.
func (t *Tail) look() error {
	begin := time.Now()
	defer func() { t.pause = pauseFactor * time.Since(begin) }()
	if !t.single {
		if err := t.findRuns(); err != nil {
			return err
		}
	}
	for _, ident := range sortedKeys(t.runs) {
		r := t.runs[ident]
		if begin.Before(r.notBefore) {
			continue
		}
		if err := r.look(); err != nil {
			return err
		}
		if r.ready() {
			t.queue = append(t.queue, r)
		}
	}
	return nil
}

// findRuns finds runs that began since the last look, and forgets those whose directories are gone.
func (t *Tail) findRuns() error {
	entries, err := os.ReadDir(t.o.Dir)
	if err != nil {
		return fmt.Errorf("the artifact directory: %w", err)
	}
	there := map[string]bool{}
	for _, name := range append(namesOf(entries), itself) {
		dir := filepath.Join(t.o.Dir, name)
		if !hasEvents(dir) {
			t.noteClosed(dir)
			continue // no run, or one that has no events yet
		}
		there[name] = true
		if t.runs[name] == nil {
			t.runs[name] = t.newRun(dir, nameOf(dir))
		}
	}
	for name := range t.runs {
		if !there[name] {
			delete(t.runs, name)
		}
	}
	return nil
}

// known reports whether the event with a file is known.
func (t *Tail) known(ident, uuid string) (bool, error) {
	if t.o.Known == nil {
		return false, nil
	}
	e := (&runner.Event{RunnerIdent: ident, UUID: uuid}).HubEvent()
	return t.o.Known(ident, e.ID)
}

// gone reports whether a file or directory is not there, or no more: Runner removes the artifacts of old runs.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) }
