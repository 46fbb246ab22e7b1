package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// itself is the name in an artifact directory of the run whose events are in no directory of their own.
const itself = "."

// onlyRun is the directory of the one run that is to be read, and its ident. It is "" if all that are in o.Dir are.
func onlyRun(o TailOptions) (dir, ident string, err error) {
	if ident = o.Runner.Ident; ident != "" {
		dir = filepath.Join(o.Dir, ident)
		if !hasEvents(dir) && hasEvents(o.Dir) && isOf(o.Dir, ident) {
			return o.Dir, ident, nil
		}
		if _, err := os.Stat(dir); err != nil && !o.Follow {
			return "", "", fmt.Errorf("the artifact directory of run %s: %w", ident, err)
		}
		return dir, ident, nil
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		return "", "", fmt.Errorf("the artifact directory: %w", err)
	}
	for _, name := range namesOf(entries) {
		if hasEvents(filepath.Join(o.Dir, name)) {
			return "", "", nil
		}
	}
	if !hasEvents(o.Dir) {
		return "", "", nil
	}
	return o.Dir, nameOf(o.Dir), nil
}

// hasEvents reports whether dir is the artifact directory of a run.
func hasEvents(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, eventsDir))
	return err == nil
}

// noteClosed tells, once, of a directory that may not be read: it may be a run.
func (t *Tail) noteClosed(dir string) {
	_, err := os.Stat(filepath.Join(dir, eventsDir))
	if errors.Is(err, fs.ErrPermission) && !t.closed[dir] {
		t.closed[dir] = true
		t.odd.noteBroken(slog.String("directory", dir), nil, err)
	}
}

// isOf reports whether the events in dir can be those of a run: none says that it is of another.
func isOf(dir, ident string) bool {
	names, _ := listNames(filepath.Join(dir, eventsDir)) // whoever reads them will say what is wrong
	for _, name := range names {
		if _, ok := parseName(name); !ok {
			continue
		}
		var event struct {
			Ident string `json:"runner_ident"`
		}
		text, err := readEvent(filepath.Join(dir, eventsDir, name))
		if err == nil && json.Unmarshal(text, &event) == nil && event.Ident != "" {
			return event.Ident == ident
		}
	}
	return true
}

// nameOf is the last part of a path, which Runner takes for the ident.
func nameOf(dir string) string {
	whole, err := filepath.Abs(dir)
	if err != nil {
		whole = dir
	}
	return filepath.Base(whole)
}

func namesOf(entries []os.DirEntry) (names []string) {
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
