package crashfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"github.com/evhub/evhub/internal/journal/disk"
)

var _ disk.DirectFile = (*file)(nil)

// inode is a file or a directory, whatever it is called.
type inode struct {
	id           int
	dir          *dir // nil: a file
	links, opens int
	live, disk   image
	// abandoned pages are those that a failed Sync has marked clean: no later one writes them.
	abandoned map[int]bool
}

// file is an open file.
type file struct {
	fs     *FS
	node   *inode
	name   string
	write  bool
	closed bool
}

func (f *FS) handle(n *inode, name string, write bool) disk.File {
	n.opens++
	return &file{fs: f, node: n, name: name, write: write}
}

// begin is called under the lock.
func (h *file) begin(kind Kind, length int) Fault {
	return h.beginOp(Op{Kind: kind, Len: length})
}

func (h *file) beginOp(op Op) Fault {
	switch {
	case h.closed:
		return Fault{Err: fs.ErrClosed}
	case op.Kind.changes() && op.Kind != Sync && !h.write:
		return Fault{Err: syscall.EBADF}
	}
	op.Name = h.name
	return h.fs.beginOp(op)
}

// ReadAt implements disk.File.
func (h *file) ReadAt(b []byte, offset int64) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if fault := h.begin(ReadAt, len(b)); fault.Err != nil {
		return 0, pathError(ReadAt, h.name, fault.Err)
	}
	n := h.node.live.read(b, offset)
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements disk.File.
func (h *file) WriteAt(b []byte, offset int64) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	return h.writeAt(b, offset, h.begin(WriteAt, len(b)))
}

// WriteDirect implements disk.DirectFile. To programs and to a power cut it is no other than WriteAt.
func (h *file) WriteDirect(b []byte, offset int64) (int, error) {
	if !disk.Aligned(b, offset) {
		panic(fmt.Sprintf("%s: direct write of %d bytes at %d, from %p: not aligned", h.name, len(b), offset, b))
	}
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if h.fs.onlyCached {
		return 0, pathError(WriteAt, h.name, errors.ErrUnsupported)
	}
	return h.writeAt(b, offset, h.beginOp(Op{Kind: WriteAt, Len: len(b), Direct: true}))
}

// writeAt is called under the lock.
func (h *file) writeAt(b []byte, offset int64, fault Fault) (int, error) {
	if fault.Err != nil && !fault.Done {
		short := min(fault.Short, len(b))
		if h.fs.dead { // a signal ends a write between two pages, not in one
			short = max(0, short-int((offset+int64(short))%pageSize))
		}
		b = b[:short]
	}
	n := h.fs.write(h.node, b, offset)
	switch {
	case fault.Err != nil:
		return n, pathError(WriteAt, h.name, fault.Err)
	case n < len(b):
		return n, pathError(WriteAt, h.name, syscall.ENOSPC)
	}
	return n, nil
}

// write writes as much as there is room for.
func (f *FS) write(n *inode, b []byte, offset int64) int {
	done := 0
	for done < len(b) {
		at := offset + int64(done)
		i := int(at / pageSize)
		p := f.writable(n, i)
		if p == nil {
			break
		}
		done += copy(p[at%pageSize:], b[done:])
		n.live.size = max(n.live.size, offset+int64(done))
	}
	return done
}

// writable returns page i of a file as one that nothing shares, or nil if the disk is full.
func (f *FS) writable(n *inode, i int) *page {
	old, durable := n.live.page(i), n.disk.page(i)
	if old == nil && !f.alloc() {
		return nil
	}
	delete(n.abandoned, i)
	if old != nil && old != zeros && old != durable {
		if f.rand.IntN(4) > 0 {
			return old
		}
		n.disk.setPage(i, old) // what it was before this write went to the disk by itself
	}
	fresh := new(page)
	if old != nil {
		*fresh = *old
	}
	n.live.setPage(i, fresh)
	return fresh
}

// Truncate implements disk.File.
func (h *file) Truncate(size int64) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	fault := h.begin(Truncate, 0)
	if fault.Err == nil || fault.Done {
		n := h.node
		h.fs.used -= n.live.allocated()
		if size < n.live.size {
			n.live.cut(size)
		}
		n.live.size = size
		h.fs.used += n.live.allocated()
	}
	if fault.Err != nil {
		return pathError(Truncate, h.name, fault.Err)
	}
	return nil
}

// Preallocate implements disk.File.
func (h *file) Preallocate(offset, length int64) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	fault := h.begin(Preallocate, 0)
	if fault.Err != nil && !fault.Done {
		return pathError(Preallocate, h.name, fault.Err)
	}
	n := h.node
	for i := int(offset / pageSize); int64(i)*pageSize < offset+length; i++ {
		if n.live.page(i) != nil {
			continue
		}
		if !h.fs.alloc() {
			return pathError(Preallocate, h.name, syscall.ENOSPC)
		}
		n.live.setPage(i, zeros)
	}
	n.live.size = max(n.live.size, offset+length)
	if fault.Err != nil {
		return pathError(Preallocate, h.name, fault.Err)
	}
	return nil
}

// Sync implements disk.File.
func (h *file) Sync() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	fault := h.begin(Sync, 0)
	switch {
	case fault.Lie:
		return nil
	case fault.Err == nil:
		h.node.sync()
		return nil
	case fault.Done:
		h.node.sync()
	case !h.fs.dead && !h.closed:
		h.fs.failSync(h.node)
	}
	return pathError(Sync, h.name, fault.Err)
}

// Size implements disk.File.
func (h *file) Size() (int64, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if fault := h.begin(Size, 0); fault.Err != nil {
		return 0, pathError(Size, h.name, fault.Err)
	}
	return h.node.live.size, nil
}

// Close implements disk.File.
func (h *file) Close() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if h.closed {
		return fs.ErrClosed
	}
	h.closed = true
	if h.fs.dead { // the file may by now belong to the next process
		return nil
	}
	h.node.opens--
	h.fs.release(h.node)
	return nil
}
