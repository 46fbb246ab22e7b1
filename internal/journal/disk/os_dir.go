package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// DirError: a directory is not fit to hold a journal. Reason says what is wrong with it, Cure what to do about it.
type DirError struct {
	Dir, Reason, Cure string
	Err               error // what the system said; may be nil
}

func (e *DirError) Error() string {
	text := fmt.Sprintf("%s: %s; %s", e.Dir, e.Reason, e.Cure)
	if e.Err != nil {
		text += fmt.Sprintf(" (%v)", e.Err)
	}
	return text
}

// Unwrap returns what the system said.
func (e *DirError) Unwrap() error { return e.Err }

// openOS opens and checks a directory. What is checked is the open handle, so that nobody can put another directory in
// its place between the check and the use.
func openOS(dir string, readOnly bool) (*OS, error) {
	dir = filepath.Clean(dir) // Lstat of "link/" would follow the link
	if !readOnly {
		if err := makeDir(dir); err != nil {
			return nil, err
		}
	}
	named, err := os.Lstat(dir)
	if err != nil {
		return nil, openFailed(dir, err)
	}
	switch {
	case named.Mode()&fs.ModeSymlink != 0:
		target, _ := os.Readlink(dir)
		return nil, &DirError{Dir: dir, Reason: "is a symbolic link", Cure: fmt.Sprintf("name the directory itself: %s", target)}
	case !named.IsDir():
		return nil, &DirError{Dir: dir, Reason: "is not a directory", Cure: "choose another one, or move the file away"}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, openFailed(dir, err)
	}
	o := &OS{path: dir, root: root, readOnly: readOnly}
	if err := o.check(named); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return o, nil
}

func (o *OS) check(named fs.FileInfo) error {
	info, err := o.root.Stat(".")
	if err != nil {
		return openFailed(o.path, err)
	}
	if !os.SameFile(named, info) {
		return &DirError{Dir: o.path, Reason: "was replaced while it was opened", Cure: "see who else changes the directory above it"}
	}
	return checkAccess(o.path, info, o.readOnly)
}

// makeDir makes what is missing of a path, each with mode 0700 whatever the umask.
func makeDir(dir string) error {
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return nil // there, or openOS says why it cannot be seen
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	err := os.Mkdir(dir, dirMode)
	if errors.Is(err, fs.ErrExist) {
		return nil // made by another process just now; openOS checks it
	}
	if err == nil {
		err = os.Chmod(dir, dirMode)
	}
	if errors.Is(err, fs.ErrNotExist) { // as in /proc; or what is above is a link to nowhere
		return &DirError{Dir: dir, Reason: "cannot be made", Cure: "choose another directory", Err: notMissing{err}}
	}
	if err != nil {
		return openFailed(dir, err)
	}
	return nil
}

// notMissing is an error of a directory that could not be made: not the fs.ErrNotExist of one that is missing, which
// could be made.
type notMissing struct{ error }

// CheckDir refuses a directory in o, if it is there, that NewOS would refuse: it must not lead elsewhere, and nobody
// else may change it.
func (o *OS) CheckDir(name string) error {
	dir := filepath.Join(o.path, filepath.FromSlash(name))
	info, err := o.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return openFailed(dir, err)
	case info.Mode()&fs.ModeSymlink != 0:
		target, _ := o.root.Readlink(name)
		return &DirError{Dir: dir, Reason: "is a symbolic link", Cure: fmt.Sprintf("put the directory that it leads to, %s, in its place", target)}
	case !info.IsDir():
		return &DirError{Dir: dir, Reason: "is not a directory", Cure: "see what it is, and move the file away"}
	}
	return checkAccess(dir, info, o.readOnly)
}

func openFailed(dir string, err error) error {
	e := &DirError{Dir: dir, Reason: "cannot be used", Cure: "choose another directory", Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Reason, e.Cure = "does not exist", "check the spelling"
	case errors.Is(err, syscall.EROFS):
		e.Reason, e.Cure = "is on a read-only file system", "mount it for writing, or choose another directory"
	case errors.Is(err, fs.ErrPermission):
		e.Reason, e.Cure = "is not accessible to this user", "choose a directory of your own, or run as the user who owns it"
	case errors.Is(err, syscall.ENOTDIR):
		e.Reason, e.Cure = "has a file where a directory is needed", "check the spelling"
	case errors.Is(err, syscall.ENOSPC):
		e.Reason, e.Cure = "has no room on its disk", "make room, or choose another directory"
	}
	return e
}
