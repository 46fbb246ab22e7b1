package crashfs

import (
	"slices"
	"syscall"
)

// Content returns what is in a file, past all faults and the end of the process.
func (f *FS) Content(name string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _, n, err := f.lookup(Open, name)
	if err != nil {
		return nil, err
	}
	if n == nil || n.dir != nil {
		return nil, pathError(Open, name, syscall.ENOENT)
	}
	b := make([]byte, n.live.size)
	n.live.read(b, 0)
	return b, nil
}

// Put makes a file with this content in a directory that exists, or replaces one, past all faults. It is durable: this
// is how a test damages what it finds on the disk.
func (f *FS) Put(name string, content []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	parent, base, old, err := f.lookup(Create, name)
	if err != nil {
		return err
	}
	n := f.newInode(nil)
	n.live.size = int64(len(content))
	for i, part := range slices.Collect(slices.Chunk(content, pageSize)) {
		p := new(page)
		copy(p[:], part)
		n.live.setPage(i, p)
	}
	n.sync()
	f.used += n.live.allocated()
	if old != nil {
		old.links--
		f.release(old)
	}
	n.links = 1
	parent.live[base], parent.disk[base] = n, n
	f.forget(parent, base)
	return nil
}

// Erase takes a name away for good, past all faults.
func (f *FS) Erase(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	parent, base, n, err := f.lookup(Remove, name)
	if err != nil {
		return err
	}
	if n == nil {
		return pathError(Remove, name, syscall.ENOENT)
	}
	delete(parent.live, base)
	delete(parent.disk, base)
	f.forget(parent, base)
	n.links--
	f.release(n)
	return nil
}

// forget drops what was pending for a name.
func (f *FS) forget(d *dir, name string) {
	f.pending = slices.DeleteFunc(f.pending, func(c change) bool { return c.dir == d && c.name == name })
}
