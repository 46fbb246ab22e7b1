package segment

import "io"

// ReadFrame reads the one frame at offset in r, which ends at end. It reports whether there is a good one; an error is
// one of reading.
func ReadFrame(r io.ReaderAt, seed Seed, offset, end int64) (Frame, bool, error) {
	s := NewScanner(r, seed, offset, end)
	s.w.size = 4 << 10
	if offset < 0 || end-offset < FrameHeaderSize {
		return Frame{}, false, nil
	}
	h, ok := s.header(offset)
	if !ok || offset+FrameSize(int(h.length)) > end {
		return Frame{}, false, s.err
	}
	ok = s.load(h)
	return s.frame, ok, s.err
}
