//go:build !linux && !darwin && !freebsd && !windows

package disk

import (
	"errors"
	"os"
)

func freeBytes(d *os.File, _ string) (int64, error) {
	return 0, &os.PathError{Op: "statfs", Path: d.Name(), Err: errors.ErrUnsupported}
}
