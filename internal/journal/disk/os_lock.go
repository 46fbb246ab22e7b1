package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// heldLock is a locked file that holds the process id.
type heldLock struct {
	*os.File
}

// Close takes the process id away and ends the lock. The file stays: removing it would let two processes lock two
// files of one name.
func (l *heldLock) Close() error {
	_ = l.Truncate(0) // only a courtesy: who fails to lock reads it, and nobody holds the lock any more
	return l.File.Close()
}

// lockTries: Holder takes the lock for an instant, which must not keep a program from starting.
const (
	lockTries = 10
	lockPause = 10 * time.Millisecond
)

// lockFile takes the lock. The operating system ends it with the process, so what a killed one wrote into the file
// means nothing.
func lockFile(o *OS, name string) (io.Closer, error) {
	for try := 1; ; try++ {
		f, err := openLock(o, name)
		switch {
		case err == nil:
			writePID(f)
			return &heldLock{File: f}, nil
		case !errors.Is(err, errHeld):
			return nil, err
		case try == lockTries:
			return nil, &LockedError{Path: o.join(name), PID: o.readPID(name)}
		}
		<-time.After(lockPause)
	}
}

// Holder returns the process that holds a lock: nil if none does.
func (o *OS) Holder(name string) (*LockedError, error) {
	held, err := lockHeld(o, name)
	if err != nil || !held {
		return nil, err
	}
	return &LockedError{Path: o.join(name), PID: o.readPID(name)}, nil
}

// errHeld: another one has the lock.
var errHeld = errors.New("held")

// writePID is for people and messages. A full disk must not keep a journal from being opened.
func writePID(f *os.File) {
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
}

func (o *OS) readPID(name string) int {
	text, err := fs.ReadFile(o.root.FS(), name)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

func (o *OS) join(name string) string { return o.path + string(os.PathSeparator) + name }
