package evbus

import (
	crand "crypto/rand"
	"math/rand/v2"
	"sync"
	"time"
)

// idSource makes UUIDv7 (RFC 9562): 48 bits of milliseconds, a 12-bit counter that keeps ids of one millisecond in
// order, and 62 random bits. It seeds a ChaCha8 generator once instead of asking the kernel for each id.
type idSource struct{ *idState }

type idState struct {
	mu     sync.Mutex
	random *rand.ChaCha8
	last   uint64 // milliseconds << 12 | counter of the newest id
}

func newIDSource() idSource {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // never fails (crypto/rand.Read)
	return idSource{&idState{random: rand.NewChaCha8(seed)}}
}

// append appends a new id to dst.
func (s idSource) append(dst []byte, now time.Time) []byte {
	s.mu.Lock()
	stamp := uint64(now.UnixMilli()) << 12
	if stamp <= s.last {
		stamp = s.last + 1 // the clock stood still or went back; a full counter borrows the next millisecond
	}
	s.last = stamp
	random := s.random.Uint64()
	s.mu.Unlock()

	high := stamp>>12<<16 | 7<<12 | stamp&0xfff
	low := 2<<62 | random>>2
	return appendUUID(dst, high, low)
}

func appendUUID(dst []byte, high, low uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		if shift == 28 || shift == 12 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[high>>shift&15])
	}
	dst = append(dst, '-')
	for shift := 60; shift >= 0; shift -= 4 {
		if shift == 44 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[low>>shift&15])
	}
	return dst
}
