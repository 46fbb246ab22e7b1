//go:build linux || darwin || freebsd

package disk

import (
	"os"
	"syscall"
)

// freeBytes is what this process may still take: root also has what a file system holds back for it, such as the
// twentieth part of an ext4. Quotas do not show.
func freeBytes(d *os.File, _ string) (int64, error) {
	var st syscall.Statfs_t
	if err := control(d, func(fd uintptr) error { return syscall.Fstatfs(int(fd), &st) }); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: d.Name(), Err: err}
	}
	blocks := int64(st.Bavail) //nolint:unconvert,nolintlint // the types differ from system to system
	if os.Geteuid() == 0 {
		blocks = int64(st.Bfree) //nolint:unconvert,nolintlint // likewise
	}
	return blocks * int64(st.Bsize), nil //nolint:unconvert,nolintlint // likewise
}
