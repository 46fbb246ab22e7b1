package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"sort"
	"strings"
	"syscall"
)

const (
	fileMode = 0o600
	dirMode  = 0o700
)

// OS is a directory of the operating system's file system. What it makes has mode 0600 or 0700 whatever the umask,
// and no name, link or rename leads out of the directory. Close gives its handle back; files that are open stay open.
type OS struct {
	path     string
	root     *os.Root
	readOnly bool
}

var _ FS = (*OS)(nil)

// NewOS opens a directory, which it creates with mode 0700 together with what is missing above it. It refuses one that
// others could change, and one that cannot be written: see DirError.
func NewOS(dir string) (*OS, error) {
	return openOS(dir, false)
}

// ReadOnlyOS opens a directory that exists, only to look: every method that would change something fails with EROFS.
// It refuses what NewOS refuses, but a read-only disk is good enough, and root may look at everybody's.
func ReadOnlyOS(dir string) (*OS, error) {
	return openOS(dir, true)
}

// Path is the directory.
func (o *OS) Path() string { return o.path }

// Close closes the handle of the directory.
func (o *OS) Close() error { return o.root.Close() }

// Create makes a new file: see FS.
func (o *OS) Create(name string) (File, error) {
	if err := o.writable("create", name); err != nil {
		return nil, err
	}
	f, err := o.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	if err := chmod(f); err != nil {
		return nil, errors.Join(err, f.Close(), o.root.Remove(name))
	}
	return &osFile{File: f}, nil
}

// Open opens a file for reading and writing: see FS.
func (o *OS) Open(name string) (File, error) {
	if err := o.writable("open", name); err != nil {
		return nil, err
	}
	return o.open(name, os.O_RDWR)
}

// OpenRead opens a file for reading: see FS.
func (o *OS) OpenRead(name string) (File, error) { return o.open(name, os.O_RDONLY) }

func (o *OS) open(name string, flag int) (File, error) {
	// Anything but a regular file was put there by someone else; opening a named pipe would not even return.
	info, err := o.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("not a regular file: %w", fs.ErrInvalid)}
	}
	f, err := o.root.OpenFile(name, flag, 0)
	if err != nil {
		return nil, err
	}
	return &osFile{File: f, readOnly: flag == os.O_RDONLY}, nil
}

// Rename gives a file another name: see FS.
func (o *OS) Rename(from, to string) error {
	if err := o.writable("rename", from); err != nil {
		return err
	}
	return o.root.Rename(from, to)
}

// Remove takes a name away: see FS.
func (o *OS) Remove(name string) error {
	if err := o.writable("remove", name); err != nil {
		return err
	}
	return o.root.Remove(name)
}

// MkdirAll makes a directory and those above it: see FS.
func (o *OS) MkdirAll(name string) error {
	if err := o.writable("mkdir", name); err != nil {
		return err
	}
	name = path.Clean(name)
	for i := range len(name) + 1 {
		if i < len(name) && name[i] != '/' {
			continue
		}
		if err := o.mkdir(name[:i]); err != nil {
			return err
		}
	}
	return nil
}

func (o *OS) mkdir(name string) error {
	err := o.root.Mkdir(name, dirMode)
	if err == nil {
		return o.root.Chmod(name, dirMode) // the umask may have taken bits away
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := o.root.Lstat(name)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOTDIR}
	}
	return err
}

// List returns the names in a directory: see FS.
func (o *OS) List(dir string) ([]Info, error) {
	d, err := o.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	infos := make([]Info, 0, len(entries))
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		}
		if err != nil {
			return nil, err
		}
		infos = append(infos, Info{Name: e.Name(), Dir: e.IsDir(), Size: info.Size()})
	}
	sort.Slice(infos, func(i, j int) bool { return strings.Compare(infos[i].Name, infos[j].Name) < 0 })
	return infos, nil
}

// SyncDir makes the names in a directory durable: see FS. Where directories cannot be synced, it does nothing.
func (o *OS) SyncDir(dir string) error {
	if runtime.GOOS == "windows" || o.readOnly {
		return nil
	}
	d, err := o.root.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // some network and user-space file systems know no fsync of directories
	}
	return errors.Join(err, d.Close())
}

// Free returns how many bytes could be written: see FS.
func (o *OS) Free() (int64, error) {
	d, err := o.root.Open(".")
	if err != nil {
		return 0, err
	}
	defer d.Close()
	return freeBytes(d, o.path)
}

// Lock takes the lock: see FS.
func (o *OS) Lock(name string) (io.Closer, error) {
	if err := o.writable("lock", name); err != nil {
		return nil, err
	}
	return lockFile(o, name)
}

func (o *OS) writable(op, name string) error {
	if o.readOnly {
		return &fs.PathError{Op: op, Path: name, Err: syscall.EROFS}
	}
	return nil
}

// chmod undoes what the umask took.
func chmod(f *os.File) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	return f.Chmod(fileMode)
}
