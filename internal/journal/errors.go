package journal

import (
	"errors"
	"fmt"
	"syscall"
)

var (
	// ErrClosed: the journal has been closed.
	ErrClosed = errors.New("journal: closed")
	// ErrFull: the log has as many bytes as Options.MaxBytes allows. It wants what ENOSPC wants: patience.
	ErrFull = errors.New("journal: full")
	// ErrReadOnly: the journal was opened to look at it.
	ErrReadOnly = errors.New("journal: opened read-only")
)

// IsNoRoom reports whether err says that there was no room on the disk or within MaxBytes, so that the same call may
// succeed later.
func IsNoRoom(err error) bool {
	return errors.Is(err, ErrFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// A RefusedError is a directory that Open leaves as it is, because it is not a journal that this program understands.
type RefusedError struct {
	Path string // what is in the way
	Why  string // what is wrong with it, and the cure
	Err  error  // fs.ErrNotExist if there is no journal; else nil
}

func (e *RefusedError) Unwrap() error { return e.Err }

func (e *RefusedError) Error() string { return fmt.Sprintf("journal: %s: %s", e.Path, e.Why) }
