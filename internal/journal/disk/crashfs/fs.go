// Package crashfs is a file system in memory that is made to find the faults of a journal: its power can be cut, its
// process killed, its operations made to fail, and its disk fills up and lies when told to.
//
// What a power cut leaves is at least as bad as what ext4, XFS and btrfs may leave. Of what was written to a file since
// its last Sync each page of 4 KiB is lost, kept, or torn at sectors of 512 bytes, on its own, and so is the size. Of the
// names that were created, changed and removed since the last SyncDir, the oldest or any may be kept, whether or not the
// content behind them is. A Sync that fails leaves pages that no later Sync writes.
//
// All that is left to chance comes from the seed, so that the same calls in the same order end alike.
package crashfs

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"path"
	"strings"
	"sync"
	"syscall"

	"github.com/evhub/evhub/internal/journal/disk"
)

// ErrDead is what every operation returns after the end of the process: after Crash, Kill, or the operation that DieAt
// counted down to.
var ErrDead = errors.New("the process is dead")

// unlimited is what Free returns without a capacity.
const unlimited = 1 << 40

// FS is a disk.FS as one process sees it. After its end, Crash or Kill give the FS that the next process finds.
type FS struct {
	mu       sync.Mutex
	rand     *rand.Rand
	root     *dir
	pending  []change // names that are not durable, oldest first
	locks    map[string]bool
	inodes   int
	capacity int64
	used     int64
	dead     bool
	fuse     int
	hook     func(Op) Fault
	counts   [numKinds]int
	// onlyCached: see RefuseDirect.
	onlyCached bool
}

var _ disk.FS = (*FS)(nil)

// New returns an empty FS without a limit.
func New(seed uint64) *FS {
	return &FS{rand: rand.New(rand.NewPCG(seed, 0xd15c)), root: newDir(), locks: map[string]bool{}}
}

// SetCapacity limits the pages of all files to so many bytes in sum. Writes then fail with ENOSPC, partly done; removing
// and truncating makes room. 0: no limit. It outlives the process.
func (f *FS) SetCapacity(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.capacity = bytes
}

// RefuseDirect makes WriteDirect of all files ErrUnsupported, or ends that. It outlives the process.
func (f *FS) RefuseDirect(refuse bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onlyCached = refuse
}

// Used returns the bytes of all pages that count against the capacity.
func (f *FS) Used() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.used
}

// Free implements disk.FS.
func (f *FS) Free() (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault := f.begin(Free, ".", 0); fault.Err != nil {
		return 0, fault.Err
	}
	if f.capacity == 0 {
		return unlimited, nil
	}
	return max(0, f.capacity-f.used), nil
}

// alloc takes one page from the disk.
func (f *FS) alloc() bool {
	if f.capacity > 0 && f.used+pageSize > f.capacity {
		return false
	}
	f.used += pageSize
	return true
}

// release gives the pages of a file back that no name and no open file leads to.
func (f *FS) release(n *inode) {
	if n.links == 0 && n.opens == 0 && n.dir == nil {
		f.used -= n.live.allocated()
		n.revert(n.disk.size) // what a power cut may bring back
	}
}

// lookup walks to a path. It returns the directory that the last element is in, and the inode of that name, or nil.
func (f *FS) lookup(op Kind, name string) (parent *dir, base string, n *inode, err error) {
	clean := path.Clean(name)
	if clean != name || path.IsAbs(name) || strings.HasPrefix(name, "..") {
		return nil, "", nil, pathError(op, name, syscall.EINVAL)
	}
	parent = f.root
	for {
		first, rest, more := strings.Cut(clean, "/")
		n = parent.live[first]
		if !more {
			return parent, first, n, nil
		}
		if n == nil {
			return nil, "", nil, pathError(op, name, syscall.ENOENT)
		}
		if n.dir == nil {
			return nil, "", nil, pathError(op, name, syscall.ENOTDIR)
		}
		parent, clean = n.dir, rest
	}
}

func (f *FS) directory(op Kind, name string) (*dir, error) {
	if name == "." {
		return f.root, nil
	}
	_, _, n, err := f.lookup(op, name)
	switch {
	case err != nil:
		return nil, err
	case n == nil:
		return nil, pathError(op, name, syscall.ENOENT)
	case n.dir == nil:
		return nil, pathError(op, name, syscall.ENOTDIR)
	}
	return n.dir, nil
}

func pathError(op Kind, name string, err error) error {
	return &fs.PathError{Op: op.String(), Path: name, Err: err}
}

// Reseed starts chance anew. With one seed for each step of a history, a step that is left out changes no other.
func (f *FS) Reseed(seed uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rand = rand.New(rand.NewPCG(seed, 0xd15c))
}
