package ingest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/runner"
)

const (
	// eventsDir has the job events of a run, within its artifact directory.
	eventsDir = "job_events"
	// statusFile has the last status of a run, once that has ended.
	statusFile = "status"
)

// tailedRun is the artifact directory of one run.
type tailedRun struct {
	t     *Tail
	dir   string
	ident string // of the events, which is not always the name of the directory
	// known are the files that were read, or are in pending.
	known   map[string]bool
	pending []eventFile
	// status is the last status, to be put behind pending.
	status string
	// notBefore is when to look again, if there is a file that somebody is writing.
	notBefore time.Time
	// ended: all of the run was read. Then it is not looked at again until version changes.
	ended   bool
	version [2]time.Time
	// closedBy is the time of the file of the last status that was found.
	closedBy time.Time
}

// eventFile is a file in job_events.
type eventFile struct {
	name    string
	counter int
	uuid    string
}

func (t *Tail) newRun(dir, ident string) *tailedRun {
	return &tailedRun{t: t, dir: dir, ident: ident, known: map[string]bool{}}
}

func (r *tailedRun) ready() bool { return len(r.pending) > 0 || r.status != "" }

// look finds what is to be read now. Runner makes the files one after the other, but a directory that is read while it
// grows may show a file and not the one before it. So this reads it twice: what the second reading has up to the
// highest counter of the first is complete. Counters that are missing then will never come, but for those of standard
// error, which has a count of its own.
func (r *tailedRun) look() error {
	version := r.versionNow()
	if r.ended && version == r.version {
		return nil
	}
	r.notBefore, r.version = time.Time{}, version
	status := r.finalStatus(version) // before the events: whatever is there after the end of the run was there before
	first, err := r.newFiles()
	if err == nil && len(first) == 0 || gone(err) {
		r.end(status)
		return nil
	}
	var second []eventFile
	if err == nil {
		second, err = r.newFiles()
	}
	if err != nil && !gone(err) {
		return fmt.Errorf("run %s: %w", r.ident, err)
	}
	for _, f := range second {
		if f.counter <= first[len(first)-1].counter {
			r.known[f.name] = true
			r.pending = append(r.pending, f)
		}
	}
	r.ended = false
	return nil
}

// end is called when there is no event that was not read. With a final status that is all of the run.
func (r *tailedRun) end(status string) {
	if status != "" {
		r.ended, r.status, r.closedBy = true, status, r.version[1]
	}
}

// versionNow changes when the run does.
func (r *tailedRun) versionNow() (v [2]time.Time) {
	for i, name := range []string{eventsDir, statusFile} {
		if info, err := os.Stat(filepath.Join(r.dir, name)); err == nil {
			v[i] = info.ModTime()
		}
	}
	return v
}

// finalStatus is the last status of the run, or "" while it goes on: what was there at the end of an earlier run of the
// same ident does not count.
func (r *tailedRun) finalStatus(v [2]time.Time) string {
	if v[1].Equal(r.closedBy) {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(r.dir, statusFile))
	status := string(bytes.TrimSpace(text))
	if err != nil || !runner.Final(status) { // Runner may be writing it
		return ""
	}
	return status
}

// newFiles are the event files that are not known yet, by counter.
func (r *tailedRun) newFiles() (files []eventFile, err error) {
	names, err := r.t.list(filepath.Join(r.dir, eventsDir))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if f, ok := parseName(name); ok && !r.known[name] {
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b eventFile) int {
		return cmp.Or(cmp.Compare(a.counter, b.counter), cmp.Compare(a.name, b.name))
	})
	return files, nil
}

// listNames returns the names in a directory, in any order.
func listNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// parseName takes <counter>-<uuid>.json apart. Ansible's own files, <uuid>-partial.json, may begin with digits too.
func parseName(name string) (f eventFile, ok bool) {
	stem, isJSON := strings.CutSuffix(name, ".json")
	counter, uuid, _ := strings.Cut(stem, "-")
	n, err := strconv.Atoi(counter)
	return eventFile{name, n, uuid}, isJSON && err == nil && uuid != "" && !strings.HasSuffix(stem, "-partial")
}

// next reads the next pending file, or the last status.
func (r *tailedRun) next() (e hub.Event, ok bool, err error) {
	if len(r.pending) == 0 {
		return r.lastStatus()
	}
	f := r.pending[0]
	if known, err := r.t.known(r.ident, f.uuid); known || err != nil {
		r.pending = r.pending[1:]
		return e, false, err
	}
	text, err := readEvent(filepath.Join(r.dir, eventsDir, f.name))
	if err != nil && !gone(err) && !errors.Is(err, errTooLong) && !errors.Is(err, errNoFile) {
		return e, false, fmt.Errorf("run %s: %w", r.ident, err)
	}
	var m runner.Message
	if err == nil {
		m, err = r.options().Decode(text)
	}
	if errors.Is(err, runner.ErrNotJSON) && r.young(f) {
		r.waitForWriter()
		return e, false, nil
	}
	r.pending = r.pending[1:]
	switch {
	case err == nil:
		r.ident = m.Ident()
		return m.HubEvent(), true, nil
	case !gone(err):
		r.t.odd.noteBroken(slog.String("file", filepath.Join(r.dir, eventsDir, f.name)), text, err)
	}
	return e, false, nil
}

func (r *tailedRun) options() runner.Options {
	o := r.t.o.Runner
	o.Ident = r.ident
	return o
}

// errNoFile: there is something under the name of an event that Runner has not put there.
var errNoFile = errors.New("it is no regular file")

func readEvent(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // a pipe would wait for a writer
		return nil, errNoFile
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, MaxBytes+1))
	if len(text) > MaxBytes {
		return text, errTooLong
	}
	return text, err
}

// settled is how old a file must be for its content to be all there is. Runner gives a file its name when it is
// complete, but `ansible-runner process` writes it in place.
const settled = 5 * time.Second

func (r *tailedRun) young(f eventFile) bool {
	info, err := os.Stat(filepath.Join(r.dir, eventsDir, f.name))
	return err == nil && time.Since(info.ModTime()) < settled
}

// waitForWriter leaves what is pending for another look.
func (r *tailedRun) waitForWriter() {
	for _, f := range r.pending {
		delete(r.known, f.name)
	}
	r.pending, r.notBefore = nil, time.Now().Add(shortestPause)
}

// lastStatus is what Runner's plugins got at the end of the run.
func (r *tailedRun) lastStatus() (hub.Event, bool, error) {
	status := r.status
	r.status = ""
	ident, _ := json.Marshal(r.ident) // text always has an encoding
	e, err := runner.Parse(fmt.Appendf(nil, `{"status": %q, "runner_ident": %s}`, status, ident))
	return e, err == nil, err
}

func sortedKeys(m map[string]*tailedRun) []string { return slices.Sorted(maps.Keys(m)) }
