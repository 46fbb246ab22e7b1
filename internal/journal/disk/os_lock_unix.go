//go:build unix && !solaris && !aix

package disk

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

func openLock(o *OS, name string) (*os.File, error) {
	return flock(o, name, os.O_RDWR|os.O_CREATE, syscall.LOCK_EX)
}

func lockHeld(o *OS, name string) (bool, error) {
	f, err := flock(o, name, os.O_RDONLY, syscall.LOCK_SH)
	if errors.Is(err, errHeld) {
		return true, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return false, f.Close()
}

func flock(o *OS, name string, flag, how int) (*os.File, error) {
	f, err := o.root.OpenFile(name, flag, fileMode)
	if err != nil {
		return nil, err
	}
	if flag&os.O_CREATE != 0 {
		err = chmod(f)
	}
	if err == nil {
		err = control(f, func(fd uintptr) error { return syscall.Flock(int(fd), how|syscall.LOCK_NB) })
	}
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errHeld
	}
	return nil, &os.PathError{Op: "flock", Path: o.join(name), Err: err}
}
