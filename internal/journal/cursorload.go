package journal

import (
	"errors"
	"io"
	"io/fs"

	"github.com/evhub/evhub/internal/journal/disk"
)

// cursorPairs is what a file of cursors holds: for each number its two slots, as far as they are good.
type cursorPairs map[uint32][2]*cursorSlot

// newest returns the slot that counts for a number, and which one it is. A tag that is known has to be the slot's.
func (p cursorPairs) newest(number uint32, tag [16]byte) (slot cursorSlot, which int, ok bool) {
	for i, s := range p[number] {
		if s != nil && (tag == [16]byte{} || s.tag == tag) && (!ok || s.generation > slot.generation) {
			slot, which, ok = *s, i, true
		}
	}
	return slot, which, ok
}

// endName stands for the name in the tag of number 0, whose cursor is the end of the log.
const endName = "the end of the log"

// highest returns the highest Seq that a good slot has: everything up to it was on disk. End is the tag of number 0.
func (p cursorPairs) highest(end [16]byte) (seq uint64) {
	for number := range p {
		tag := [16]byte{}
		if number == 0 {
			tag = end
		}
		if s, _, ok := p.newest(number, tag); ok {
			seq = max(seq, s.done.Seq)
		}
	}
	return seq
}

// readCursors reads the file of cursors. One that is missing holds none.
func readCursors(d disk.FS) (cursorPairs, error) {
	f, err := d.OpenRead(cursorFileName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	pairs := cursorPairs{}
	page := make([]byte, cursorPage)
	for at := int64(0); at < cursorFileSize(maxStrayNumber); at += cursorPage {
		n, err := f.ReadAt(page, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		pairs.decode(page[:n], at)
		if n < len(page) {
			break
		}
	}
	return pairs, nil
}

// decode takes the good slots of a page.
func (p cursorPairs) decode(page []byte, at int64) {
	pair, which := uint32(at/cursorPage/2), int(at/cursorPage%2)
	for i := uint32(0); int(i+1)*slotSize <= len(page); i++ {
		number := pair*slotsPerPage + i
		if s, ok := decodeSlot(page[i*slotSize:], number); ok {
			both := p[number]
			both[which] = &s
			p[number] = both
		}
	}
}

// load takes over what the log and the file of cursors say about each destination. It returns the numbers whose cursor
// is lost; they go on where they were by the tables, or at the oldest record.
func (c *cursors) load(s *state, pairs cursorPairs, id [16]byte) (lost []uint32) {
	c.values.Lock()
	defer c.values.Unlock()
	end, which, _ := pairs.newest(0, identityTag(id, endName))
	end.tag = identityTag(id, endName)
	c.end = end.done.Seq
	c.place(cursorState{cursorSlot: end, known: true, which: 1 - which, synced: end.done})
	for _, d := range s.dests {
		if d == nil {
			continue
		}
		slot, which, ok := pairs.newest(d.number, d.tag)
		if !ok {
			lost = append(lost, d.number)
			slot = cursorSlot{number: d.number, tag: d.tag, done: d.oldest}
		}
		if slot.done.Seq < d.floor.Seq {
			slot.done = d.floor
		}
		d.tag = slot.tag
		c.place(cursorState{cursorSlot: slot, known: true, which: 1 - which, synced: slot.done})
	}
	return lost
}

// open makes the loaded cursors durable and ready to be moved. They are written anew: what was read may never have
// reached the disk, and after a Sync that failed in the process before, another one of the same file would not tell.
// Only where there is no room for that it has to be good enough.
func (c *cursors) open() error {
	c.calls.Lock()
	defer c.calls.Unlock()
	full := c.replace()
	if !IsNoRoom(full) {
		return full
	}
	file, err := c.fs.Open(cursorFileName)
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		return errors.Join(full, err)
	}
	c.file = file
	c.loaded()
	return nil
}

// loaded notes that what is in memory is what is on disk.
func (c *cursors) loaded() {
	c.values.Lock()
	defer c.values.Unlock()
	for i := range c.slots {
		c.slots[i].written = false
	}
}
