package journal

import (
	"errors"
	"io/fs"
	"path"
	"strconv"

	"github.com/evhub/evhub/internal/journal/disk"
)

// checkDirs refuses a journal in which a directory is a link, or can be changed by others: what is true of the journal's
// own directory must be true of all that is in it.
func checkDirs(o *disk.OS) error {
	for _, name := range []string{logDir, deadDir, quarantineDir} {
		if err := o.CheckDir(name); err != nil {
			return err
		}
	}
	letters, err := o.List(deadDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, info := range letters {
		if _, other := strconv.ParseUint(info.Name, 10, 32); other != nil {
			continue
		}
		if err := o.CheckDir(path.Join(deadDir, info.Name)); err != nil {
			return err
		}
	}
	return err
}
