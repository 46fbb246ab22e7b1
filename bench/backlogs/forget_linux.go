package backlogs

import (
	"os"

	"golang.org/x/sys/unix"
)

// forget takes the files in dir, which are on disk, out of the page cache.
func forget(dir string) error {
	return eachFile(dir, func(f *os.File) error {
		return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	})
}
