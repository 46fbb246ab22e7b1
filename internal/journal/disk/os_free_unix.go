//go:build linux || darwin || freebsd

package disk

import (
	"os"
	"syscall"
)

// freeBytes is what a user who is not root may still take. Quotas do not show.
func freeBytes(d *os.File, _ string) (int64, error) {
	var st syscall.Statfs_t
	if err := control(d, func(fd uintptr) error { return syscall.Fstatfs(int(fd), &st) }); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: d.Name(), Err: err}
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert,nolintlint // the types differ from system to system
}
