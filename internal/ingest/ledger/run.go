package ledger

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/evhub/evhub/internal/journal/disk"
)

// run is a run whose file is open.
type run struct {
	fs    disk.FS
	name  string
	ident string
	file  disk.File // nil until something is written
	end   int64
	known *known
	// begun: the last group in the file is not marked as put. It is last, if that is known.
	begun bool
	last  []entry
	// failed: nothing is known any more of what is in the file.
	failed bool
}

const suffix = ".run"

// nameOf is the file of a run: idents may be anything.
func nameOf(ident string) string {
	sum := sha256.Sum256([]byte(ident))
	return fmt.Sprintf("%x%s", sum[:16], suffix)
}

// openRun reads what is known of a run. What was in doubt was decided by Open: a group without its mark was put since then,
// and the mark failed.
func openRun(fsys disk.FS, ident string) (*run, error) {
	r := &run{fs: fsys, name: nameOf(ident), ident: ident, known: newKnown()}
	text, file, err := slurp(fsys, r.name)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	c, ok, err := parse(text)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", r.name, err), file.Close())
	}
	if !ok { // it was cut off when it was made
		return r, errors.Join(file.Close(), fsys.Remove(r.name))
	}
	r.file, r.end, r.begun = file, c.end, len(c.doubtful) > 0
	for _, e := range append(c.settled, c.doubtful...) {
		r.known.add(e.id, e.status)
	}
	return r, nil
}

func slurp(fsys disk.FS, name string) ([]byte, disk.File, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, nil, err
	}
	size, err := file.Size()
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	text := make([]byte, size)
	if n, err := file.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) || int64(n) < size {
		return nil, nil, errors.Join(err, file.Close())
	}
	return text, file, nil
}

// begin makes a group durable. The same group may be begun again: after an error, here or in the file of another run.
func (r *run) begin(entries []entry) error {
	if r.begun && !r.failed && slices.Equal(r.last, entries) {
		return nil
	}
	write := r.add
	if r.failed || r.begun {
		write = r.rewrite
	}
	r.failed = true
	if err := write(entries); err != nil {
		return err
	}
	r.failed, r.begun, r.last = false, true, entries
	return nil
}

// add writes a group behind the last one.
func (r *run) add(entries []entry) error {
	text := group(entries)
	made := r.file == nil
	if made {
		file, err := r.fs.Create(r.name)
		if err != nil {
			return err
		}
		r.file, text = file, append(header(r.ident), text...)
	}
	if err := r.write(text); err != nil {
		return err
	}
	if made {
		return r.fs.SyncDir(".")
	}
	return nil
}

func (r *run) write(text []byte) error {
	if _, err := r.file.WriteAt(text, r.end); err != nil {
		return err
	}
	if err := r.file.Sync(); err != nil {
		return err
	}
	r.end += int64(len(text))
	return nil
}

// done marks the last group as put. It is not synced: if it is lost, the journal is asked.
func (r *run) done() {
	r.begun, r.last = false, nil
	if r.failed {
		return
	}
	if _, err := r.file.WriteAt([]byte(doneTag), r.end); err != nil {
		r.failed = true
		return
	}
	r.end += int64(len(doneTag))
}

const temporary = ".tmp"

// rewrite makes a new file: all that is known, which was put but for last, and last as the group that is about to be put.
func (r *run) rewrite(last []entry) error {
	pending := map[[16]byte]bool{}
	for _, e := range last {
		pending[e.id] = true
	}
	var settled []entry
	for id := range r.known.events {
		if !pending[id] {
			settled = append(settled, entry{id, false})
		}
	}
	for id := range r.known.statuses {
		if !pending[id] {
			settled = append(settled, entry{id, true})
		}
	}
	return r.replace(settled, last)
}

// replace puts a file with these groups in the place of the one that there is.
func (r *run) replace(settled, last []entry) error {
	text := header(r.ident)
	if len(settled) > 0 {
		text = append(append(text, group(settled)...), doneTag...)
	}
	if len(last) > 0 {
		text = append(text, group(last)...)
	}
	if err := r.fs.Remove(r.name + temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := r.fs.Create(r.name + temporary)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(text, 0)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = r.fs.Rename(r.name+temporary, r.name)
	}
	if err == nil {
		err = r.fs.SyncDir(".")
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	r.close()
	r.file, r.end = file, int64(len(text))
	return nil
}

func (r *run) close() {
	if r.file != nil {
		_ = r.file.Close() // what counts was synced
		r.file = nil
	}
}
