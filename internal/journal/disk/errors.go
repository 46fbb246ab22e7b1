package disk

import (
	"errors"
	"fmt"
)

// ErrLocked: another process has the directory. It comes inside a *LockedError.
var ErrLocked = errors.New("in use by another process")

// LockedError says who holds a lock. It is an ErrLocked.
type LockedError struct {
	// Path is the locked file; PID the process that holds it, 0 if unknown.
	Path string
	PID  int
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s: %v", e.Path, ErrLocked)
	}
	return fmt.Sprintf("%s: %v (pid %d)", e.Path, ErrLocked, e.PID)
}

// Is reports whether target is ErrLocked.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }
