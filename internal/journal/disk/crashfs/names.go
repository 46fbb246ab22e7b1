package crashfs

import (
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/evhub/evhub/internal/journal/disk"
)

// dir is a directory: its names as programs see them and as they would be found after a power cut.
type dir struct {
	live, disk map[string]*inode
}

func newDir() *dir { return &dir{live: map[string]*inode{}, disk: map[string]*inode{}} }

// change is something done to the names of one directory that is not durable.
type change struct {
	dir  *dir
	name string
	node *inode // what the name stands for now; nil: it is gone
	from string // a name of the same directory that node had until then
}

// apply makes the change durable.
func (c change) apply() {
	if c.from != "" && c.dir.disk[c.from] == c.node {
		delete(c.dir.disk, c.from)
	}
	if c.node == nil {
		delete(c.dir.disk, c.name)
	} else {
		c.dir.disk[c.name] = c.node
	}
}

// set changes what programs see; the change is pending.
func (f *FS) set(c change) {
	if old := c.dir.live[c.name]; old != nil {
		old.links--
		f.release(old)
	}
	if c.from != "" {
		c.node.links--
		delete(c.dir.live, c.from)
	}
	if c.node == nil {
		delete(c.dir.live, c.name)
	} else {
		c.node.links++
		c.dir.live[c.name] = c.node
	}
	f.pending = append(f.pending, c)
}

func (f *FS) newInode(d *dir) *inode {
	f.inodes++
	return &inode{id: f.inodes, dir: d}
}

// Create implements disk.FS.
func (f *FS) Create(name string) (disk.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fault := f.begin(Create, name, 0)
	if fault.Err != nil && !fault.Done {
		return nil, pathError(Create, name, fault.Err)
	}
	parent, base, n, err := f.lookup(Create, name)
	switch {
	case err != nil:
		return nil, err
	case n != nil:
		return nil, pathError(Create, name, syscall.EEXIST)
	case f.capacity > 0 && f.used+pageSize > f.capacity:
		return nil, pathError(Create, name, syscall.ENOSPC)
	}
	n = f.newInode(nil)
	f.set(change{dir: parent, name: base, node: n})
	if fault.Err != nil {
		return nil, pathError(Create, name, fault.Err)
	}
	return f.handle(n, name, true), nil
}

// Open implements disk.FS.
func (f *FS) Open(name string) (disk.File, error) { return f.open(Open, name) }

// OpenRead implements disk.FS.
func (f *FS) OpenRead(name string) (disk.File, error) { return f.open(OpenRead, name) }

func (f *FS) open(kind Kind, name string) (disk.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault := f.begin(kind, name, 0); fault.Err != nil {
		return nil, pathError(kind, name, fault.Err)
	}
	_, _, n, err := f.lookup(kind, name)
	switch {
	case err != nil:
		return nil, err
	case n == nil:
		return nil, pathError(kind, name, syscall.ENOENT)
	case n.dir != nil:
		return nil, pathError(kind, name, syscall.EISDIR)
	}
	return f.handle(n, name, kind == Open), nil
}

// Rename implements disk.FS. Between two directories a power cut may leave both names or neither.
func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	fault := f.begin(Rename, from, 0)
	if fault.Err != nil && !fault.Done {
		return pathError(Rename, from, fault.Err)
	}
	source, oldBase, n, err := f.lookup(Rename, from)
	if err != nil {
		return err
	}
	target, newBase, over, err := f.lookup(Rename, to)
	switch {
	case err != nil:
		return err
	case n == nil:
		return pathError(Rename, from, syscall.ENOENT)
	case over != nil && over.dir != nil:
		return pathError(Rename, to, syscall.EISDIR)
	case n == over:
		return nil
	}
	if source == target {
		f.set(change{dir: target, name: newBase, node: n, from: oldBase})
	} else {
		f.set(change{dir: target, name: newBase, node: n})
		f.set(change{dir: source, name: oldBase})
	}
	if fault.Err != nil {
		return pathError(Rename, from, fault.Err)
	}
	return nil
}

// Remove implements disk.FS.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	fault := f.begin(Remove, name, 0)
	if fault.Err != nil && !fault.Done {
		return pathError(Remove, name, fault.Err)
	}
	parent, base, n, err := f.lookup(Remove, name)
	switch {
	case err != nil:
		return err
	case n == nil:
		return pathError(Remove, name, syscall.ENOENT)
	case n.dir != nil && len(n.dir.live) > 0:
		return pathError(Remove, name, syscall.ENOTEMPTY)
	}
	f.set(change{dir: parent, name: base})
	if fault.Err != nil {
		return pathError(Remove, name, fault.Err)
	}
	return nil
}

// MkdirAll implements disk.FS.
func (f *FS) MkdirAll(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault := f.begin(MkdirAll, name, 0); fault.Err != nil {
		return pathError(MkdirAll, name, fault.Err)
	}
	d := f.root
	for part := range strings.SplitSeq(name, "/") {
		if part == "." {
			continue
		}
		n := d.live[part]
		if n == nil {
			n = f.newInode(newDir())
			f.set(change{dir: d, name: part, node: n})
		}
		if d = n.dir; d == nil {
			return pathError(MkdirAll, name, syscall.ENOTDIR)
		}
	}
	return nil
}

// List implements disk.FS.
func (f *FS) List(name string) ([]disk.Info, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault := f.begin(List, name, 0); fault.Err != nil {
		return nil, pathError(List, name, fault.Err)
	}
	d, err := f.directory(List, name)
	if err != nil {
		return nil, err
	}
	infos := make([]disk.Info, 0, len(d.live))
	for name, n := range d.live {
		infos = append(infos, disk.Info{Name: name, Dir: n.dir != nil, Size: n.live.size})
	}
	slices.SortFunc(infos, func(a, b disk.Info) int { return strings.Compare(a.Name, b.Name) })
	return infos, nil
}

// SyncDir implements disk.FS.
func (f *FS) SyncDir(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	fault := f.begin(SyncDir, name, 0)
	if fault.Lie {
		return nil
	}
	if fault.Err != nil && !fault.Done {
		return pathError(SyncDir, name, fault.Err)
	}
	d, err := f.directory(SyncDir, name)
	if err != nil {
		return err
	}
	f.pending = slices.DeleteFunc(f.pending, func(c change) bool {
		if c.dir == d {
			c.apply()
		}
		return c.dir == d
	})
	if fault.Err != nil {
		return pathError(SyncDir, name, fault.Err)
	}
	return nil
}

// Lock implements disk.FS. The lock ends with the process, also when it crashes.
func (f *FS) Lock(name string) (io.Closer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault := f.begin(Lock, name, 0); fault.Err != nil {
		return nil, pathError(Lock, name, fault.Err)
	}
	parent, base, n, err := f.lookup(Lock, name)
	if err != nil {
		return nil, err
	}
	if f.locks[name] {
		return nil, &disk.LockedError{Path: name, PID: os.Getpid()}
	}
	if n == nil {
		f.set(change{dir: parent, name: base, node: f.newInode(nil)})
	}
	f.locks[name] = true
	return unlock{f, name}, nil
}

type unlock struct {
	fs   *FS
	name string
}

func (u unlock) Close() error {
	u.fs.mu.Lock()
	defer u.fs.mu.Unlock()
	delete(u.fs.locks, u.name)
	return nil
}

// restart makes what is on the disk what programs see.
func (d *dir) restart() {
	d.live = maps.Clone(d.disk)
}
