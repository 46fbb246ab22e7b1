package disk_test

import (
	"testing"

	"github.com/evhub/evhub/internal/journal/disk"
)

func TestBlocksAreAligned(t *testing.T) {
	for _, n := range []int{0, 1, 64, disk.Block - 1, disk.Block, disk.Block + 1, 100_000, 2 << 20} {
		for range 20 {
			b := disk.Blocks(n)
			if len(b) != n || cap(b) < n || cap(b) >= n+disk.Block || !disk.Aligned(b[:cap(b)], 3*disk.Block) {
				t.Fatalf("%d bytes: %d at %p, with a capacity of %d", n, len(b), b, cap(b))
			}
		}
	}
	b := disk.Blocks(2 * disk.Block)
	if disk.Aligned(b, 512) || disk.Aligned(b[:512], 0) || disk.Aligned(b[512:512+disk.Block], 0) {
		t.Error("what is not aligned is said to be")
	}
}
