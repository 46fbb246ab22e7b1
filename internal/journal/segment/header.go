package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Version is the version of the format that this package writes.
const Version = 1

// HeaderSize is the size of a segment's header in bytes, and so the offset of its first frame.
const HeaderSize = 64

const headerMagic = "EVHUBSEG"

// Rewritten is the flag in the header of a segment that compaction has written: its Seqs rise, but not by one.
const Rewritten uint32 = 1

// Reused is the flag in the header of a segment that was written over the file of an older one.
const Reused uint32 = 2

// ErrDamaged: what should be a header is none.
var ErrDamaged = errors.New("damaged header")

// A VersionError is a file of a version of the format that this package does not know.
type VersionError struct{ Version uint16 }

func (e *VersionError) Error() string {
	return fmt.Sprintf("format version %d; this evhub knows version %d", e.Version, Version)
}

// Header is what a segment says about itself.
type Header struct {
	Flags   uint32
	Journal [16]byte // the id of the journal that it belongs to
	First   uint64   // its records have this Seq or higher ones
	Salt    uint64   // random; begins the crc of each frame's header
	Created time.Time
}

// append adds the encoded header to b.
func (h Header) append(b []byte) []byte {
	start := len(b)
	b = append(b, headerMagic...)
	b = binary.LittleEndian.AppendUint16(b, Version)
	b = binary.LittleEndian.AppendUint16(b, HeaderSize)
	b = binary.LittleEndian.AppendUint32(b, h.Flags)
	b = append(b, h.Journal[:]...)
	b = binary.LittleEndian.AppendUint64(b, h.First)
	b = binary.LittleEndian.AppendUint64(b, h.Salt)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.Created.UnixNano()))
	b = binary.LittleEndian.AppendUint32(b, 0)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// ParseHeader decodes the first HeaderSize bytes of a segment. Anything but a whole header of ours is an ErrDamaged, a
// whole one of another version a *VersionError.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize || !bytes.HasPrefix(b, []byte(headerMagic)) {
		return Header{}, ErrDamaged
	}
	if crc32.Checksum(b[:HeaderSize-4], castagnoli) != binary.LittleEndian.Uint32(b[HeaderSize-4:]) {
		return Header{}, ErrDamaged
	}
	if v := binary.LittleEndian.Uint16(b[8:]); v != Version {
		return Header{}, &VersionError{Version: v}
	}
	return Header{
		Flags:   binary.LittleEndian.Uint32(b[12:]),
		Journal: [16]byte(b[16:32]),
		First:   binary.LittleEndian.Uint64(b[32:]),
		Salt:    binary.LittleEndian.Uint64(b[40:]),
		Created: time.Unix(0, int64(binary.LittleEndian.Uint64(b[48:]))),
	}, nil
}

// Seed is what the crc of each frame's header begins with.
func (h Header) Seed() Seed {
	var salt [8]byte
	binary.LittleEndian.PutUint64(salt[:], h.Salt)
	return Seed(crc32.Checksum(salt[:], castagnoli))
}
