//go:build linux

package crash

import "syscall"

// free is how many bytes the file system has left.
func (fs *filesystem) free() int64 {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(fs.seen, &stat); err != nil {
		return 0
	}
	return int64(stat.Bavail) * stat.Bsize
}
