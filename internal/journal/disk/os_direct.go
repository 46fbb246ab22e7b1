package disk

import (
	"errors"
	"os"
	"syscall"
)

var _ DirectFile = (*osFile)(nil)

// WriteDirect writes past the cache: see DirectFile. It has a descriptor of its own, so that who reads at the same time
// needs to align nothing. Sync of the first covers both: they are one file.
func (f *osFile) WriteDirect(b []byte, offset int64) (int, error) {
	if err := f.readyDirect(); err != nil {
		return 0, err
	}
	n, err := f.direct.WriteAt(b, offset)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		f.onlyCached = true // some file systems open it and then refuse
		return 0, errors.ErrUnsupported
	}
	return n, err
}

func (f *osFile) readyDirect() error {
	switch {
	case f.readOnly:
		return &os.PathError{Op: "write", Path: f.Name(), Err: syscall.EBADF}
	case f.onlyCached:
		return errors.ErrUnsupported
	case f.direct != nil:
		return nil
	}
	direct, err := openDirect(f.File)
	if err != nil { // whatever it is, it keeps nobody from writing through the cache
		f.onlyCached = true
		return errors.ErrUnsupported
	}
	f.direct = direct
	return nil
}

// Close closes both descriptors.
func (f *osFile) Close() error {
	err := f.File.Close()
	if f.direct != nil {
		err = errors.Join(err, f.direct.Close())
	}
	return err
}
