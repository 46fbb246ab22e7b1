package backlogs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// warm reads the files in dir, so that they are in the page cache.
func warm(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, f)
		return errors.Join(err, f.Close())
	})
}
