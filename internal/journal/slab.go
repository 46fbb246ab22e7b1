package journal

import "github.com/evhub/evhub/internal/journal/segment"

// slab decides where the bytes of entries live. Where a reader wants most of what it reads, entries share the memory
// that was read; where it wants little, they are copied, so that a few of them do not hold on to a lot.
type slab struct {
	wanted, read int // bytes, since the last decision
	copies       bool
	free         []byte
}

const (
	slabSize  = 32 << 10
	slabCheck = 256 << 10
)

// data returns the bytes of an entry, for good.
func (s *slab) data(scan *segment.Scanner, data []byte) []byte {
	s.wanted += len(data)
	s.passed(len(data))
	if !s.copies {
		scan.Keep()
		return data
	}
	if len(data) > len(s.free) {
		if len(data) > slabSize/4 {
			return append([]byte(nil), data...)
		}
		s.free = make([]byte, slabSize)
	}
	n := copy(s.free, data)
	out := s.free[:n:n]
	s.free = s.free[n:]
	return out
}

// passed counts bytes that were read.
func (s *slab) passed(n int) {
	if s.read += n; s.read >= slabCheck {
		s.copies = s.wanted < s.read/2
		s.wanted, s.read = 0, 0
	}
}
