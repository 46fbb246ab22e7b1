package journal

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/evhub/evhub/internal/journal/segment"
)

// The kinds of frames that only dead letters have. A letter's is segment.Event, its Seq is its key.
const (
	// deadRemoved lists keys of letters, in this segment or older ones, that are gone.
	deadRemoved segment.Kind = 0x81
	// deadStart is the first frame of each segment. It says which key was the last that counted before: what older
	// segments hold between that and this segment's first key was never acknowledged, and is not listed.
	deadStart segment.Kind = 0x82
)

// keyRange is the keys from first to last.
type keyRange struct{ first, last uint64 }

func keysToRanges(keys []uint64) []keyRange {
	ranges := make([]keyRange, len(keys))
	for i, k := range keys {
		ranges[i] = keyRange{k, k}
	}
	return joinRanges(ranges)
}

// joinRanges sorts ranges and joins those that overlap or touch.
func joinRanges(ranges []keyRange) (joined []keyRange) {
	slices.SortFunc(ranges, func(a, b keyRange) int { return cmp.Compare(a.first, b.first) })
	for _, r := range ranges {
		if n := len(joined); n > 0 && r.first <= joined[n-1].last+1 {
			joined[n-1].last = max(joined[n-1].last, r.last)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// encodeRanges writes joined ranges as varints: the distance from the range before, and how many keys follow the first.
func encodeRanges(ranges []keyRange) []byte {
	var b []byte
	end := uint64(0)
	for _, r := range ranges {
		b = binary.AppendUvarint(b, r.first-end)
		b = binary.AppendUvarint(b, r.last-r.first)
		end = r.last
	}
	return b
}

// decodeRanges is false for what encodeRanges does not write.
func decodeRanges(b []byte) (ranges []keyRange, ok bool) {
	end := uint64(0)
	for len(b) > 0 {
		distance, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, false
		}
		length, m := binary.Uvarint(b[n:])
		if m <= 0 {
			return nil, false
		}
		b = b[n+m:]
		r := keyRange{first: end + distance, last: end + distance + length}
		if r.first < end || r.last < r.first || (len(ranges) > 0 && distance == 0) {
			return nil, false
		}
		ranges = append(ranges, r)
		end = r.last
	}
	return ranges, true
}

func encodeStart(good uint64) []byte { return binary.LittleEndian.AppendUint64(nil, good) }

func decodeStart(b []byte) (good uint64, ok bool) {
	if len(b) < 8 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(b), true
}
