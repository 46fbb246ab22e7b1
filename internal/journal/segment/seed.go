package segment

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// FindSeed finds the seed of a segment whose header, and with it the salt, is lost. A checksum can be computed
// backwards: what it began with follows from any one frame, and a frame is known by the checksum of its payload, which
// has no salt. It reports whether there is such a frame in the first size bytes of r. Records of the segment have the Seq first or higher ones;
// what has a lower one is left of another segment.
func FindSeed(r io.ReaderAt, size int64, first uint64) (Seed, bool) {
	w, inv := window{r: r, end: size}, newInverse()
	// Every candidate costs the reading of what it says is its payload, so the sum of them has a limit.
	budget := 4*size + FrameHeaderSize
	for at := int64(HeaderSize); at+FrameHeaderSize <= size && budget > 0; at += alignment {
		b, err := w.bytes(at, FrameHeaderSize)
		if err != nil {
			return 0, false
		}
		if !looksLikeFrame(b) {
			continue
		}
		h, seed := decodeFrameHeader(b), inv.seedOf(b)
		if at > HeaderSize && h.seq < first {
			continue // of the segment whose file this was before; a first table may say less
		}
		if h.kind == 0 || h.length > MaxPayload || at+FrameSize(int(h.length)) > size {
			continue
		}
		budget -= int64(h.length)
		payload, err := w.bytes(at+FrameHeaderSize, int64(h.length))
		if err == nil && crc32.Checksum(payload, castagnoli) == h.crc {
			return seed, true
		}
	}
	return 0, false
}

// inverse finds the entry of the checksum's table that has a given upper byte; no two entries share it.
type inverse [256]byte

func newInverse() *inverse {
	var inv inverse
	for i, entry := range castagnoli {
		inv[entry>>24] = byte(i)
	}
	return &inv
}

// seedOf computes what the checksum of the frame header h began with, by taking its bytes out again from the last.
func (inv *inverse) seedOf(h []byte) Seed {
	register := ^binary.LittleEndian.Uint32(h[FrameHeaderSize-4:])
	for i := FrameHeaderSize - 5; i >= 0; i-- {
		index := inv[register>>24]
		register = (register^castagnoli[index])<<8 | uint32(index^h[i])
	}
	return Seed(^register)
}
