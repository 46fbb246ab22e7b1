package segment

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
)

// Range is a part of a file.
type Range struct{ Offset, Length int64 }

// End is the offset behind the range.
func (r Range) End() int64 { return r.Offset + r.Length }

// Scanner reads the frames of a segment, in large reads, and goes on behind damage at the next good frame. It takes
// memory for one frame and a read, never more than the file has bytes, and every step goes forward.
//
//	s := segment.NewScanner(file, seed, segment.HeaderSize, size)
//	for s.Next() {
//		use(s.Frame())
//	}
//	err := s.Err()
type Scanner struct {
	seed  Seed
	over  bool  // the rest holds what was there before
	next  int64 // where the next frame begins
	w     window
	frame Frame
	bad   []Range
	err   error
}

// NewScanner makes a scanner for the frames of r between the offsets from and end; from is the beginning of a frame, or
// any multiple of 8.
func NewScanner(r io.ReaderAt, seed Seed, from, end int64) *Scanner {
	return &Scanner{seed: seed, next: from, w: window{r: r, end: end, at: from}}
}

// Reused makes what comes behind the last good frame count as unused, as zeros do: the file is that of an older segment,
// which is still there.
func (s *Scanner) Reused(yes bool) *Scanner {
	s.over = yes
	return s
}

// Next goes to the next good frame. It is false at the end, and after an error of reading.
func (s *Scanner) Next() bool {
	for s.err == nil && s.w.end-s.next >= FrameHeaderSize {
		h, ok := s.header(s.next)
		switch {
		case s.err != nil:
			return false
		case !ok:
			if !s.resync() {
				return false
			}
		case s.next+FrameSize(int(h.length)) > s.w.end:
			s.skip(s.w.end) // cut off
		default:
			if s.load(h) {
				return true
			}
		}
	}
	if s.err == nil {
		s.rest()
	}
	return false
}

// Frame returns the frame that Next has found. Its payload is valid until Next is called again.
func (s *Scanner) Frame() Frame { return s.frame }

// Offset is where the next frame is expected: behind the last frame, or behind damage that has been passed since.
func (s *Scanner) Offset() int64 { return s.next }

// Bad returns the ranges so far that hold no good frame though something was written there.
func (s *Scanner) Bad() []Range { return s.bad }

// Err is the error of reading that has ended the scan.
func (s *Scanner) Err() error { return s.err }

// Extend moves the end of a file that has grown, so that Next can go on.
func (s *Scanner) Extend(end int64) { s.w.end = end }

// Skip goes forward to offset, where a frame begins, without judging what lies between.
func (s *Scanner) Skip(offset int64) { s.next = max(s.next, offset) }

// header returns the frame header at offset, if there is one.
func (s *Scanner) header(offset int64) (frameHeader, bool) {
	b, err := s.w.bytes(offset, FrameHeaderSize)
	if err != nil {
		s.fail(err, offset)
		return frameHeader{}, false
	}
	return s.seed.parse(b)
}

// load reads the frame at next whose header is h, and goes behind it. It reports whether the payload is good.
func (s *Scanner) load(h frameHeader) bool {
	offset := s.next
	size := FrameSize(int(h.length))
	b, err := s.w.bytes(offset, size)
	if err != nil {
		s.fail(err, offset)
		return false
	}
	payload := b[FrameHeaderSize : FrameHeaderSize+h.length : FrameHeaderSize+h.length]
	if crc32.Checksum(payload, castagnoli) != h.crc {
		s.skip(offset + size)
		return false
	}
	s.next = offset + size
	s.frame = Frame{Offset: offset, Kind: h.kind, Flags: h.flags, Seq: h.seq, Payload: payload}
	return true
}

// resync looks for the next frame header behind the bad one at next. Without one, what is left is either unused space,
// where next stays, or bad.
func (s *Scanner) resync() bool {
	written := s.next // the end of what is not zero
	for at := s.next; s.w.end-at >= FrameHeaderSize; at += alignment {
		b, err := s.w.bytes(at, FrameHeaderSize)
		if err != nil {
			s.fail(err, at)
			return false
		}
		if at > s.next && looksLikeFrame(b) {
			if _, ok := s.seed.parse(b); ok {
				s.skip(at)
				return true
			}
		}
		if !isZero(b[:alignment]) {
			written = at + alignment
		}
	}
	if s.over {
		return false
	}
	if rest, err := s.tail(max(s.next, s.w.end-FrameHeaderSize)); err != nil {
		s.fail(err, s.next)
	} else if end := s.w.end - int64(len(rest)); !isZero(rest) {
		written = max(written, end+int64(len(bytes.TrimRight(rest, "\x00"))))
	}
	if written > s.next {
		s.addBad(s.next, written)
		s.next = s.w.end
	}
	return false
}

// rest judges the last bytes, too few for a frame.
func (s *Scanner) rest() {
	if s.over {
		return
	}
	if b, err := s.tail(s.next); err == nil && !isZero(b) {
		s.skip(s.w.end)
	}
}

// tail returns the bytes from offset to the end.
func (s *Scanner) tail(offset int64) ([]byte, error) {
	if offset >= s.w.end {
		return nil, nil
	}
	return s.w.bytes(offset, s.w.end-offset)
}

// skip passes over bad bytes up to offset to.
func (s *Scanner) skip(to int64) {
	s.addBad(s.next, to)
	s.next = to
}

func (s *Scanner) addBad(from, to int64) {
	if n := len(s.bad); n > 0 && s.bad[n-1].End() == from {
		s.bad[n-1].Length += to - from
		return
	}
	s.bad = append(s.bad, Range{Offset: from, Length: to - from})
}

// fail ends the scan. A file that is shorter than it should be ends there, and what is missing is bad.
func (s *Scanner) fail(err error, at int64) {
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		s.err = err
		return
	}
	s.skip(max(at, s.w.end))
}
