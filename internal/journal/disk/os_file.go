package disk

import (
	"errors"
	"os"
	"syscall"
)

// osFile is an open file of the operating system. Short writes and interrupted calls are os.File's care.
type osFile struct {
	*os.File
	readOnly   bool
	onlyZeros  bool     // the file system cannot reserve room
	onlyCached bool     // it cannot be written past the cache
	direct     *os.File // the same file, to be written past the cache; nil: not opened yet
}

// Sync makes content and size durable; times may stay behind, which saves a write.
func (f *osFile) Sync() error { return syncData(f.File) }

// Size returns the size in bytes.
func (f *osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Preallocate reserves room: see File. Where the file system cannot, zeros are written, and a hole inside of the file
// stays one. After an error the file has its old size.
func (f *osFile) Preallocate(offset, n int64) error {
	old, err := f.Size()
	if err != nil || n <= 0 {
		return err
	}
	if !f.onlyZeros {
		err = allocate(f.File, offset, n)
		f.onlyZeros = errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL)
	}
	if f.onlyZeros {
		err = f.fillZeros(max(offset, old), offset+n)
	}
	if err == nil {
		return nil
	}
	if undo := f.Truncate(old); undo != nil {
		return errors.Join(err, undo)
	}
	return err
}

// zeros is what is written at once to fill a file.
const zeros = 64 << 10

func (f *osFile) fillZeros(from, to int64) error {
	buffer := make([]byte, min(zeros, max(0, to-from)))
	for from < to {
		n, err := f.WriteAt(buffer[:min(int64(len(buffer)), to-from)], from)
		if err != nil {
			return err
		}
		from += int64(n)
	}
	return nil
}
