package backlogs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// eachFile calls do for each file in dir.
func eachFile(dir string, do func(f *os.File) error) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(do(f), f.Close())
	})
}

// warm reads the files in dir, so that they are in the page cache.
func warm(dir string) error {
	return eachFile(dir, func(f *os.File) error {
		_, err := io.Copy(io.Discard, f)
		return err
	})
}
