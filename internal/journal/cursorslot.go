package journal

import (
	"encoding/binary"
	"hash/crc32"
)

// Each number has two slots in the file of cursors, in different pages, so that a torn page leaves the other one.
const (
	slotSize     = 64
	slotMagic    = 0xC5A0B0E7
	cursorPage   = 4 << 10
	slotsPerPage = cursorPage / slotSize
)

// cursorSlot is one of the two places where a cursor is kept.
type cursorSlot struct {
	number     uint32
	generation uint64 // the higher one of two slots counts
	done       Cursor
	tag        [16]byte // of the identity
}

// slotOffset is where slot number's slot which, 0 or 1, is in the file.
func slotOffset(number uint32, which int) int64 {
	pair := int64(number / slotsPerPage)
	return (2*pair+int64(which))*cursorPage + int64(number%slotsPerPage)*slotSize
}

// cursorFileSize is how large the file is that has slots for all numbers below next.
func cursorFileSize(next uint32) int64 {
	pairs := (int64(next) + slotsPerPage - 1) / slotsPerPage
	return max(pairs, 1) * 2 * cursorPage
}

func (s cursorSlot) encode() [slotSize]byte {
	var b [slotSize]byte
	binary.LittleEndian.PutUint32(b[0:], slotMagic)
	binary.LittleEndian.PutUint32(b[4:], s.number)
	binary.LittleEndian.PutUint64(b[8:], s.generation)
	binary.LittleEndian.PutUint64(b[16:], s.done.Seq)
	binary.LittleEndian.PutUint64(b[24:], s.done.Events)
	binary.LittleEndian.PutUint64(b[32:], s.done.Bytes)
	copy(b[40:], s.tag[:])
	binary.LittleEndian.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
	return b
}

// decodeSlot decodes the slot of a number. It reports whether it is one.
func decodeSlot(b []byte, number uint32) (cursorSlot, bool) {
	if len(b) < slotSize || binary.LittleEndian.Uint32(b) != slotMagic ||
		crc32.Checksum(b[:60], castagnoli) != binary.LittleEndian.Uint32(b[60:]) {
		return cursorSlot{}, false
	}
	s := cursorSlot{
		number:     binary.LittleEndian.Uint32(b[4:]),
		generation: binary.LittleEndian.Uint64(b[8:]),
		done: Cursor{
			Seq: binary.LittleEndian.Uint64(b[16:]),
			Totals: Totals{
				Events: binary.LittleEndian.Uint64(b[24:]),
				Bytes:  binary.LittleEndian.Uint64(b[32:]),
			},
		},
		tag: [16]byte(b[40:56]),
	}
	return s, s.number == number
}
