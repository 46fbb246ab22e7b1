package crashfs

import (
	"cmp"
	"slices"
)

// Crash cuts the power and returns the FS as the next process finds it. This one is dead.
func (f *FS) Crash() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
	for _, c := range f.keptChanges() {
		c.apply()
	}
	next := f.next()
	next.pending = nil
	mood := f.rand.IntN(5)
	for _, n := range reachable(f.root) {
		if n.dir != nil {
			n.dir.restart()
			continue
		}
		next.settle(n, mood)
		next.used += n.live.allocated()
	}
	return next
}

// Kill ends the process as kill -9 does and returns the FS as the next one finds it: nothing that was written is lost,
// and nothing more of it is durable.
func (f *FS) Kill() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
	next := f.next()
	seen := map[*inode]bool{}
	var walk func(d *dir)
	walk = func(d *dir) {
		for _, n := range d.live {
			if n.dir != nil {
				walk(n.dir)
			} else if !seen[n] {
				seen[n] = true
				n.opens = 0
				next.used += n.live.allocated()
			}
		}
	}
	walk(f.root)
	return next
}

func (f *FS) next() *FS {
	return &FS{
		rand: f.rand, root: f.root, pending: f.pending, locks: map[string]bool{}, inodes: f.inodes, capacity: f.capacity,
		onlyCached: f.onlyCached,
	}
}

// keptChanges chooses what a power cut leaves of the changes to names.
func (f *FS) keptChanges() []change {
	if len(f.pending) == 0 {
		return nil
	}
	switch f.rand.IntN(6) {
	case 0: // none
		return nil
	case 1: // all
		return f.pending
	case 2, 3: // each on its own
		return slices.DeleteFunc(slices.Clone(f.pending), func(change) bool { return f.rand.IntN(2) == 0 })
	case 4: // the oldest of each directory
		cuts := map[*dir]int{}
		return slices.DeleteFunc(slices.Clone(f.pending), func(c change) bool {
			if _, ok := cuts[c.dir]; !ok {
				cuts[c.dir] = f.rand.IntN(len(f.pending) + 1)
			}
			cuts[c.dir]--
			return cuts[c.dir] < 0
		})
	default: // the oldest, as a file system with a log of its own does
		return f.pending[:f.rand.IntN(len(f.pending)+1)]
	}
}

// reachable makes the names on the disk the only ones and returns what they stand for, in a settled order.
func reachable(root *dir) (found []*inode) {
	root.restart()
	seen := map[*inode]bool{}
	var walk func(d *dir)
	walk = func(d *dir) {
		for _, n := range d.disk {
			if seen[n] {
				n.links++
				continue
			}
			seen[n], n.links, n.opens = true, 1, 0
			found = append(found, n)
			if n.dir != nil {
				walk(n.dir)
			}
		}
	}
	walk(root)
	slices.SortFunc(found, func(a, b *inode) int { return cmp.Compare(a.id, b.id) })
	return found
}

// What may happen to the pages of a file.
const (
	loseAll = iota
	keepAll
	eachFile // lost, kept, or each page on its own
)

// settle decides what a power cut leaves of a file.
func (f *FS) settle(n *inode, mood int) {
	if mood >= eachFile {
		mood = f.rand.IntN(4)
	}
	for i := range max(len(n.live.pages), len(n.disk.pages)) {
		written, durable := n.live.page(i), n.disk.page(i)
		if written == durable || n.abandoned[i] {
			continue
		}
		n.disk.setPage(i, f.outcome(written, durable, mood))
	}
	switch {
	case mood == loseAll || n.live.size == n.disk.size:
	case mood == keepAll:
		n.disk.size = n.live.size
	default:
		n.disk.size = f.sizeBetween(n.disk.size, n.live.size)
	}
	n.disk.cut(n.disk.size)
	n.revert(n.disk.size)
}

// outcome is what is found of a page that was being written.
func (f *FS) outcome(written, durable *page, mood int) *page {
	choice := mood
	if mood >= eachFile {
		choice = f.rand.IntN(3)
	}
	switch choice {
	case loseAll:
		return durable
	case keepAll:
		return written
	}
	torn, kept := new(page), f.rand.Uint32()
	if durable != nil {
		*torn = *durable
	}
	if written == nil {
		written = zeros
	}
	for s := range pageSize / sectorSize {
		if kept>>s&1 == 1 {
			copy(torn[s*sectorSize:(s+1)*sectorSize], written[s*sectorSize:])
		}
	}
	return torn
}

// sizeBetween chooses one of two sizes, or one between them, often at the border of a page.
func (f *FS) sizeBetween(a, b int64) int64 {
	switch f.rand.IntN(4) {
	case 0:
		return a
	case 1:
		return b
	}
	size := min(a, b) + f.rand.Int64N(max(a, b)-min(a, b)+1)
	if aligned := size &^ (pageSize - 1); f.rand.IntN(2) == 0 && aligned >= min(a, b) {
		return aligned
	}
	return size
}

// sync makes the content durable, but for pages that were given up.
func (n *inode) sync() {
	for i := range max(len(n.live.pages), len(n.disk.pages)) {
		if !n.abandoned[i] {
			n.disk.setPage(i, n.live.page(i))
		}
	}
	n.disk.size = n.live.size
	n.disk.pages = n.disk.pages[:min(len(n.disk.pages), len(n.live.pages))]
}

// failSync is what ext4, XFS and btrfs were seen to do when a disk refuses: pages are written or not, and are all clean
// after that. Their content may go on to be what was written, until it is evicted, or what is on the disk.
func (f *FS) failSync(n *inode) {
	size := f.sizeBetween(n.disk.size, n.live.size)
	if n.abandoned == nil {
		n.abandoned = map[int]bool{}
	}
	for i := range max(len(n.live.pages), len(n.disk.pages)) {
		written, durable := n.live.page(i), n.disk.page(i)
		if written == durable || n.abandoned[i] {
			continue
		}
		n.disk.setPage(i, f.outcome(written, durable, eachFile))
		n.abandoned[i] = true
	}
	n.disk.size = size
	if f.rand.IntN(3) == 0 { // evicted
		f.used -= n.live.allocated()
		n.revert(n.live.size)
		f.used += n.live.allocated()
	}
}

// revert makes what is on the disk what programs see, at a size of their own.
func (n *inode) revert(size int64) {
	n.live = image{pages: slices.Clone(n.disk.pages)}
	n.live.cut(size)
	n.abandoned = nil
}

// Evict takes what a failed Sync has left out of the page cache, in all files of a directory and below: programs see
// what is on the disk, as they would sooner or later.
func (f *FS) Evict(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	d, err := f.directory(List, name)
	if err != nil {
		return err
	}
	var walk func(d *dir)
	walk = func(d *dir) {
		for _, n := range d.live {
			if n.dir != nil {
				walk(n.dir)
				continue
			}
			for i := range n.abandoned {
				f.used -= n.live.allocated()
				n.live.setPage(i, n.disk.page(i))
				n.live.cut(n.live.size)
				f.used += n.live.allocated()
			}
			n.abandoned = nil
		}
	}
	walk(d)
	return nil
}
