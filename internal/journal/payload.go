package journal

import "encoding/binary"

// A record's payload is a protobuf message. Field 1, which the journal writes in front, is the packed numbers of its
// destinations; the rest is the caller's.
const destinationsTag = 1<<3 | 2

// appendDestinations encodes field 1.
func appendDestinations(b []byte, numbers []uint32) []byte {
	b = append(b, destinationsTag)
	b = binary.AppendUvarint(b, uint64(packedSize(numbers)))
	for _, n := range numbers {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// destinationsSize is how many bytes appendDestinations appends.
func destinationsSize(numbers []uint32) int {
	size := packedSize(numbers)
	return 1 + varintSize(uint32(size)) + size
}

func packedSize(numbers []uint32) (size int) {
	for _, n := range numbers {
		size += varintSize(n)
	}
	return size
}

func varintSize(n uint32) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

// splitPayload separates the packed destinations from the data. It reports whether payload is a record.
func splitPayload(payload []byte) (packed, data []byte, ok bool) {
	if len(payload) == 0 || payload[0] != destinationsTag {
		return nil, nil, false
	}
	size, n := binary.Uvarint(payload[1:])
	if n <= 0 || size > uint64(len(payload)-1-n) {
		return nil, nil, false
	}
	packed = payload[1+n : 1+n+int(size)]
	for rest := packed; len(rest) > 0; {
		if _, rest, ok = nextNumber(rest); !ok {
			return nil, nil, false
		}
	}
	return packed, payload[1+n+int(size):], true
}

// nextNumber decodes the first of some packed numbers.
func nextNumber(packed []byte) (number uint32, rest []byte, ok bool) {
	if packed[0] < 0x80 {
		return uint32(packed[0]), packed[1:], true
	}
	v, n := binary.Uvarint(packed)
	if n <= 0 || v > 1<<32-1 {
		return 0, nil, false
	}
	return uint32(v), packed[n:], true
}

// isFor reports whether packed, which splitPayload has checked, has number in it.
func isFor(packed []byte, number uint32) bool {
	for len(packed) > 0 {
		var n uint32
		if n, packed, _ = nextNumber(packed); n == number {
			return true
		}
	}
	return false
}
