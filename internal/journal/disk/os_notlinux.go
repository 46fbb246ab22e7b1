//go:build !linux

package disk

import (
	"errors"
	"os"
)

func syncData(f *os.File) error { return f.Sync() }

// allocate is for Linux; elsewhere zeros are written.
func allocate(*os.File, int64, int64) error { return errors.ErrUnsupported }
