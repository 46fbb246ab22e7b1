package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// open opens the file for appending, creates it if need be, and ends a torn line.
func (a *appender) open() error {
	path := a.config.Path
	_, err := os.Stat(path)
	created := errors.Is(err, fs.ErrNotExist)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, fs.FileMode(a.config.Mode))
	if err != nil {
		return err
	}
	a.file = file
	if err := errors.Join(a.endTornLine(), a.syncDirectory(created)); err != nil {
		a.file = nil
		return errors.Join(err, file.Close())
	}
	return nil
}

func (a *appender) endTornLine() error {
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file; for a terminal or a pipe use the provider console", a.config.Path)
	}
	torn, err := a.isTorn(info.Size())
	if err != nil || !torn {
		return err
	}
	a.logger.Warn("the file ended in the middle of a line; ending that line", "path", a.config.Path)
	_, err = a.file.Write([]byte{'\n'})
	a.dirty = true
	return err
}

const (
	// settle is how long a file that seems torn must stay as it is: what another program is just writing seems so
	// too.
	settle = 20 * time.Millisecond
	// checks bounds the wait for a file that grows all the time.
	checks = 25
)

// isTorn reports whether the file, found with the given size, ends in the middle of a line.
func (a *appender) isTorn(size int64) (bool, error) {
	for range checks {
		if size == 0 {
			return false, nil
		}
		var last [1]byte
		if _, err := a.file.ReadAt(last[:], size-1); err != nil {
			return false, err
		}
		if last[0] == '\n' {
			return false, nil
		}
		<-time.After(settle)
		info, err := a.file.Stat()
		if err != nil {
			return false, err
		}
		if info.Size() == size {
			return true, nil
		}
		size = info.Size()
	}
	return true, nil
}

// syncDirectory makes a new name as durable as what is written under it. Windows has no such call and needs none.
func (a *appender) syncDirectory(changed bool) error {
	if !changed || a.config.Fsync != Always || runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(filepath.Dir(a.config.Path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
