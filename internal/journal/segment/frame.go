package segment

import (
	"encoding/binary"
	"hash/crc32"
)

// FrameHeaderSize is what a frame takes beside its payload and the padding.
const FrameHeaderSize = 32

// MaxPayload is the most bytes that a payload can have.
const MaxPayload = 1<<31 - 1

const (
	frameMagic = 0xE7B5F4A3
	alignment  = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Kind says what a frame's payload is. Zero is none, so that unwritten space is no frame.
type Kind uint8

// The kinds of a journal's frames.
const (
	Event Kind = 1 // a record
	Table Kind = 2 // the destinations, and what they have been given so far
	End   Kind = 3 // the last frame of a sealed segment
)

// Skippable reports whether a reader that does not know the kind may pass over it; else it must not read on.
func (k Kind) Skippable() bool { return k&0x80 != 0 }

// First is the flag of a frame that begins a group: everything before it in its file was on disk when it was written.
// So bad bytes before it are damage, while bad bytes with no such frame behind them may be a group that was being
// written.
const First uint8 = 1

// Frame is one frame of a segment.
type Frame struct {
	Offset  int64 // of its first byte in the file
	Kind    Kind
	Flags   uint8
	Seq     uint64
	Payload []byte
}

// End is the offset of the first byte behind the frame.
func (f Frame) End() int64 { return f.Offset + FrameSize(len(f.Payload)) }

// FrameSize is what a frame with a payload of n bytes takes in its file.
func FrameSize(n int) int64 {
	return (int64(n) + FrameHeaderSize + alignment - 1) &^ (alignment - 1)
}

// Seed begins the crc of the frame headers of one segment; it comes from the segment's salt.
type Seed uint32

// AppendFrame adds a frame to b whose payload is head and body together. What is in b before must end at a multiple of
// 8 in the file.
func (s Seed) AppendFrame(b []byte, kind Kind, flags uint8, seq uint64, head, body []byte) []byte {
	start := len(b)
	b = append(append(BeginFrame(b), head...), body...)
	b = EndFrame(b, start, kind)
	s.Stamp(b[start:], flags, seq)
	return b
}

// BeginFrame adds room for a frame's header to b. The payload is appended behind it.
func BeginFrame(b []byte) []byte {
	var header [FrameHeaderSize]byte
	return append(b, header[:]...)
}

// EndFrame ends the frame that was begun at start: what is in b behind its header is its payload. What depends on where
// it goes, Stamp adds.
func EndFrame(b []byte, start int, kind Kind) []byte {
	payload := b[start+FrameHeaderSize:]
	h := b[start : start+FrameHeaderSize]
	binary.LittleEndian.PutUint32(h, frameMagic)
	h[4] = byte(kind)
	binary.LittleEndian.PutUint16(h[6:], FrameHeaderSize)
	binary.LittleEndian.PutUint32(h[16:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(h[20:], crc32.Checksum(payload, castagnoli))
	var padding [alignment]byte
	return append(b, padding[:-len(payload)&(alignment-1)]...)
}

// Stamp makes the frame at the beginning of b the one with number seq of a segment.
func (s Seed) Stamp(b []byte, flags uint8, seq uint64) {
	h := b[:FrameHeaderSize]
	h[5] = flags
	binary.LittleEndian.PutUint64(h[8:], seq)
	binary.LittleEndian.PutUint32(h[28:], s.headerCRC(h))
}

// stampAll stamps all frames in b, with numbers from seq on, and flags for the first.
func (s Seed) stampAll(b []byte, flags uint8, seq uint64) {
	for ; len(b) > 0; seq++ {
		s.Stamp(b, flags, seq)
		flags = 0
		b = b[FrameSize(int(binary.LittleEndian.Uint32(b[16:]))):]
	}
}

// headerCRC is the checksum of a frame's header but for its last four bytes.
func (s Seed) headerCRC(h []byte) uint32 {
	return crc32.Update(uint32(s), castagnoli, h[:FrameHeaderSize-4])
}

// frameHeader is the part of a frame that can be judged without its payload.
type frameHeader struct {
	kind   Kind
	flags  uint8
	seq    uint64
	length uint32
	crc    uint32
}

// looksLikeFrame reports whether b may begin a frame, of whatever segment.
func looksLikeFrame(b []byte) bool {
	return binary.LittleEndian.Uint32(b) == frameMagic && binary.LittleEndian.Uint16(b[6:]) == FrameHeaderSize
}

// parse decodes the header at the beginning of b, which has at least FrameHeaderSize bytes. It reports whether there is
// one of this segment.
func (s Seed) parse(b []byte) (frameHeader, bool) {
	if !looksLikeFrame(b) || s.headerCRC(b) != binary.LittleEndian.Uint32(b[28:]) {
		return frameHeader{}, false
	}
	h := decodeFrameHeader(b)
	return h, h.kind != 0 && h.length <= MaxPayload
}

func decodeFrameHeader(b []byte) frameHeader {
	return frameHeader{
		kind:   Kind(b[4]),
		flags:  b[5],
		seq:    binary.LittleEndian.Uint64(b[8:]),
		length: binary.LittleEndian.Uint32(b[16:]),
		crc:    binary.LittleEndian.Uint32(b[20:]),
	}
}
