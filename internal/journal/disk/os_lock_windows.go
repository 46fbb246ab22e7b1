package disk

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// sharingViolation: another handle does not share the file for writing.
const sharingViolation = syscall.Errno(32)

// openLock opens the file so that nobody else can open it for writing; reading the process id stays possible.
func openLock(o *OS, name string) (*os.File, error) {
	f, err := openExclusive(o.join(name), syscall.OPEN_ALWAYS)
	if errors.Is(err, sharingViolation) {
		return nil, errHeld
	}
	return f, err
}

func lockHeld(o *OS, name string) (bool, error) {
	f, err := openExclusive(o.join(name), syscall.OPEN_EXISTING)
	if errors.Is(err, sharingViolation) {
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

func openExclusive(path string, how uint32) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, syscall.FILE_SHARE_READ, nil, how, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}
