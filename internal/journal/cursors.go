package journal

import (
	"errors"
	"sync"

	"github.com/evhub/evhub/internal/journal/disk"
)

// cursors is the file that says how far each destination has come, and its content in memory.
type cursors struct {
	fs disk.FS

	calls  sync.Mutex // calls of file, one at a time; locked before values
	file   disk.File
	broken error // why file is not to be trusted any more and has to be replaced; nil: it is

	values sync.Mutex
	slots  []cursorState // by number; that of number 0 is the end of the log
	moved  bool          // something waits for its fsync
	end    uint64        // the highest Seq that is durable
}

// cursorState is the cursor of one number.
type cursorState struct {
	cursorSlot
	known   bool
	which   int // the slot that is written next: never the one that was fsynced last
	written bool
	synced  Cursor // what a power cut leaves at least
}

func (c *cursors) state(number uint32) *cursorState {
	if int64(number) >= int64(len(c.slots)) || !c.slots[number].known {
		return nil
	}
	return &c.slots[number]
}

// get returns the cursor of a number, zero if it has none.
func (c *cursors) get(number uint32) Cursor {
	c.values.Lock()
	defer c.values.Unlock()
	if s := c.state(number); s != nil {
		return s.done
	}
	return Cursor{}
}

// durable returns the cursor of a number that a power cut would leave.
func (c *cursors) durable(number uint32) Cursor {
	c.values.Lock()
	defer c.values.Unlock()
	if s := c.state(number); s != nil {
		return s.synced
	}
	return Cursor{}
}

// dirty reports whether a cursor waits for its fsync, or the file for being replaced.
func (c *cursors) dirty() bool {
	c.values.Lock()
	defer c.values.Unlock()
	return c.moved
}

// move sets a cursor and writes it, without an fsync. It reports whether it was news.
func (c *cursors) move(number uint32, to Cursor) bool {
	c.calls.Lock()
	defer c.calls.Unlock()
	slot, which, ok := c.set(number, to)
	if ok && c.broken == nil {
		if _, err := c.file.WriteAt(slot[:], slotOffset(number, which)); err != nil {
			c.broken = err // sync replaces the file
		}
	}
	return ok
}

func (c *cursors) set(number uint32, to Cursor) (slot [slotSize]byte, which int, ok bool) {
	c.values.Lock()
	defer c.values.Unlock()
	s := c.state(number)
	if s == nil || to.Seq <= s.done.Seq {
		return slot, 0, false
	}
	s.done = to
	s.generation++
	s.written, c.moved = true, true
	return s.encode(), s.which, true
}

// sync makes all cursors durable. A file that has failed is replaced by a new one, if not now then at the next call;
// broken says why.
func (c *cursors) sync() (broken, err error) {
	c.calls.Lock()
	defer c.calls.Unlock()
	if !c.dirty() && c.broken == nil {
		return nil, nil
	}
	if c.broken == nil {
		if c.broken = c.writeEnd(); c.broken == nil {
			if c.broken = c.file.Sync(); c.broken == nil {
				c.settle()
				return nil, nil
			}
		}
	}
	broken = c.broken
	return broken, c.replace()
}

// noteEnd says how far the log is durable. It reports whether nobody has been told that there is something to save.
func (c *cursors) noteEnd(seq uint64) (first bool) {
	c.values.Lock()
	defer c.values.Unlock()
	first = !c.moved
	c.end, c.moved = seq, true
	return first
}

// writeEnd writes the end of the log into its slot. What lies behind it may be a group that was not finished when the
// machine stopped; what is missing before it is lost.
func (c *cursors) writeEnd() error {
	c.values.Lock()
	end := c.end
	c.values.Unlock()
	slot, which, ok := c.set(0, Cursor{Seq: end})
	if !ok {
		return nil
	}
	_, err := c.file.WriteAt(slot[:], slotOffset(0, which))
	return err
}

// settle notes that all slots that were written are on disk, and turns to the other one of each.
func (c *cursors) settle() {
	c.values.Lock()
	defer c.values.Unlock()
	for i := range c.slots {
		if s := &c.slots[i]; s.written {
			s.written = false
			s.which = 1 - s.which
			s.synced = s.done
		}
	}
	c.moved = c.endMoved()
}

// endMoved reports whether the end of the log has moved since it was written. The caller holds values.
func (c *cursors) endMoved() bool {
	s := c.state(0)
	return s != nil && s.done.Seq < c.end
}

// replace writes all cursors into a new file, in place of the old one. The caller holds calls.
func (c *cursors) replace() error {
	if err := replaceFile(c.fs, cursorFileName, c.image()); err != nil {
		return err
	}
	file, err := c.fs.Open(cursorFileName)
	if err != nil {
		return err
	}
	if c.file != nil {
		_ = c.file.Close() // nothing of it is needed
	}
	c.file, c.broken = file, nil
	c.replaced()
	return nil
}

// image is the content of a new file, with all cursors in their first slots.
func (c *cursors) image() []byte {
	c.values.Lock()
	defer c.values.Unlock()
	if c.endMoved() {
		c.slots[0].done.Seq = c.end
	}
	b := make([]byte, cursorFileSize(uint32(len(c.slots))))
	for i := range c.slots {
		if s := &c.slots[i]; s.known {
			slot := s.encode()
			copy(b[slotOffset(s.number, 0):], slot[:])
		}
	}
	return b
}

// replaced notes that the file is an image of what is in memory.
func (c *cursors) replaced() {
	c.values.Lock()
	defer c.values.Unlock()
	for i := range c.slots {
		s := &c.slots[i]
		s.which, s.written, s.synced = 1, false, s.done
	}
	c.moved = c.endMoved()
}

// add gives new numbers their cursors, durably.
func (c *cursors) add(fresh []cursorSlot) error {
	c.calls.Lock()
	defer c.calls.Unlock()
	c.values.Lock()
	for _, s := range fresh {
		c.place(cursorState{cursorSlot: s, known: true})
	}
	next := uint32(len(c.slots))
	c.values.Unlock()
	if c.broken == nil {
		if c.broken = c.writeFresh(fresh, next); c.broken == nil {
			return nil
		}
	}
	return c.replace()
}

// writeFresh writes the first slots of new numbers and clears the second ones, and syncs. All other slots that wait for
// their fsync get it, too.
func (c *cursors) writeFresh(fresh []cursorSlot, next uint32) error {
	size, err := c.file.Size()
	if err != nil {
		return err
	}
	if want := cursorFileSize(next); want > size {
		if err := c.file.Preallocate(size, want-size); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	var empty [slotSize]byte
	for _, s := range fresh {
		slot := s.encode()
		if _, err := c.file.WriteAt(slot[:], slotOffset(s.number, 0)); err != nil {
			return err
		}
		if _, err := c.file.WriteAt(empty[:], slotOffset(s.number, 1)); err != nil {
			return err
		}
	}
	if err := c.file.Sync(); err != nil {
		return err
	}
	c.settle()
	return nil
}

// place puts a state into memory. The caller holds values.
func (c *cursors) place(s cursorState) {
	if n := int(s.number) + 1; n > len(c.slots) {
		c.slots = append(c.slots, make([]cursorState, n-len(c.slots))...)
	}
	s.written = true
	c.slots[s.number] = s
}

// drop forgets the cursor of a number; what is on disk of it does no harm.
func (c *cursors) drop(number uint32) {
	c.values.Lock()
	defer c.values.Unlock()
	if s := c.state(number); s != nil {
		*s = cursorState{}
	}
}

// highest returns the highest Seq that a cursor has.
func (c *cursors) highest() (seq uint64) {
	c.values.Lock()
	defer c.values.Unlock()
	for i := range c.slots {
		seq = max(seq, c.slots[i].done.Seq)
	}
	return seq
}

func (c *cursors) close() error {
	c.calls.Lock()
	defer c.calls.Unlock()
	if c.file == nil {
		return nil
	}
	err := c.file.Close()
	c.file, c.broken = nil, ErrClosed
	return err
}

// renamed returns the cursor of a number with another identity.
func (c *cursors) renamed(number uint32, tag [16]byte) cursorSlot {
	c.values.Lock()
	defer c.values.Unlock()
	slot := cursorSlot{number: number, generation: 1}
	if s := c.state(number); s != nil {
		slot = s.cursorSlot
		slot.generation++
	}
	slot.tag = tag
	return slot
}
