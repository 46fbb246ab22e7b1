//go:build !linux

package disk

import (
	"errors"
	"os"
)

// openDirect is for Linux; elsewhere all writes go through the cache.
func openDirect(*os.File) (*os.File, error) { return nil, errors.ErrUnsupported }
