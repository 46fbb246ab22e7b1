package disk

import (
	"fmt"
	"os"
	"syscall"
)

// openDirect opens a file that is open once more, for writing past the cache. Not by its name, which may have changed.
func openDirect(f *os.File) (*os.File, error) {
	var direct int
	err := control(f, func(fd uintptr) (err error) {
		path := fmt.Sprintf("/proc/self/fd/%d", fd)
		direct, err = syscall.Open(path, syscall.O_WRONLY|syscall.O_DIRECT|syscall.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, pathError("open", f, err)
	}
	return os.NewFile(uintptr(direct), f.Name()), nil
}
