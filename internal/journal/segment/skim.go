package segment

import (
	"errors"
	"hash/crc32"
	"io"
)

// skimSize is how much is read for one header: what lies close behind it comes along.
const skimSize = 4 << 10

// Skimmer goes from frame header to frame header and reads payloads only when asked to. It stops where the next header
// should be and is not; what is there, a Scanner from Offset on can tell.
type Skimmer struct {
	seed   Seed
	r      io.ReaderAt
	next   int64
	w      window
	offset int64
	h      frameHeader
	err    error
}

// NewSkimmer makes a skimmer for the frames of r between the offsets from and end.
func NewSkimmer(r io.ReaderAt, seed Seed, from, end int64) *Skimmer {
	return &Skimmer{seed: seed, r: r, next: from, w: window{r: r, end: end, at: from, size: skimSize}}
}

// Next goes to the next frame. It is false where there is none that is whole, and after an error of reading.
func (s *Skimmer) Next() bool {
	if s.err != nil || s.w.end-s.next < FrameHeaderSize {
		return false
	}
	b, err := s.w.bytes(s.next, FrameHeaderSize)
	if err != nil {
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			s.err = err
		}
		return false
	}
	h, ok := s.seed.parse(b)
	if !ok || s.next+FrameSize(int(h.length)) > s.w.end {
		return false
	}
	s.offset, s.h = s.next, h
	s.next += FrameSize(int(h.length))
	return true
}

// Frame returns the frame that Next has found, without its payload.
func (s *Skimmer) Frame() Frame {
	return Frame{Offset: s.offset, Kind: s.h.kind, Flags: s.h.flags, Seq: s.h.seq}
}

// Length is that of the frame's payload.
func (s *Skimmer) Length() int { return int(s.h.length) }

// Payload reads the frame's payload. It is false if the checksum is not right.
func (s *Skimmer) Payload() ([]byte, bool, error) {
	b := make([]byte, s.h.length)
	if _, err := s.r.ReadAt(b, s.offset+FrameHeaderSize); err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	return b, crc32.Checksum(b, castagnoli) == s.h.crc, nil
}

// Offset is where the next frame would begin.
func (s *Skimmer) Offset() int64 { return s.next }

// Err is the error of reading that has ended it.
func (s *Skimmer) Err() error { return s.err }
