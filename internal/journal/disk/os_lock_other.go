//go:build (!unix && !windows) || solaris || aix

package disk

import (
	"errors"
	"os"
)

func openLock(o *OS, name string) (*os.File, error) {
	return nil, &os.PathError{Op: "lock", Path: o.join(name), Err: errors.ErrUnsupported}
}

func lockHeld(*OS, string) (bool, error) { return false, errors.ErrUnsupported }
