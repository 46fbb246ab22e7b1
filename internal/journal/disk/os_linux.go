package disk

import (
	"errors"
	"os"
	"syscall"
)

func syncData(f *os.File) error {
	err := control(f, func(fd uintptr) error { return syscall.Fdatasync(int(fd)) })
	return pathError("fdatasync", f, err)
}

func allocate(f *os.File, offset, n int64) error {
	err := control(f, func(fd uintptr) error { return syscall.Fallocate(int(fd), 0, offset, n) })
	if errors.Is(err, syscall.EINTR) {
		return errors.ErrUnsupported // a large tmpfs starts from zero at each signal
	}
	return pathError("fallocate", f, err)
}

func pathError(op string, f *os.File, err error) error {
	if err == nil {
		return nil
	}
	return &os.PathError{Op: op, Path: f.Name(), Err: err}
}
