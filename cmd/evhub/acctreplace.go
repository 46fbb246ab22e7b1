package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// replacement is the new content of a file: on disk, beside it, but not in its place yet.
type replacement struct {
	path, temporary string
}

// prepareReplacement writes data beside path, for nobody else to read, or with the owner and permissions of the file that
// is there.
func prepareReplacement(path string, data []byte) (*replacement, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".")
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", path, err)
	}
	r := &replacement{path, file.Name()}
	_, err = file.Write(data)
	if old, missing := os.Stat(path); missing == nil {
		err = errors.Join(err, likeOld(file, old))
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		r.discard()
		return nil, fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return r, nil
}

// likeOld gives file the owner and the permissions of old.
func likeOld(file *os.File, old os.FileInfo) error {
	if err := sameOwner(file, old); err != nil {
		return err
	}
	return file.Chmod(old.Mode().Perm())
}

// commit puts the new content into its place, at once and for good.
func (r *replacement) commit() error {
	if err := os.Rename(r.temporary, r.path); err != nil {
		return fmt.Errorf("%s cannot be written: %w", r.path, err)
	}
	r.temporary = ""
	dir, err := os.Open(filepath.Dir(r.path))
	if err != nil {
		return err
	}
	defer dir.Close()
	_ = dir.Sync() // not every system can do that
	return nil
}

// discard removes what was not put into its place.
func (r *replacement) discard() {
	if r.temporary != "" {
		_ = os.Remove(r.temporary) // nothing is in it that must not be there
	}
}
