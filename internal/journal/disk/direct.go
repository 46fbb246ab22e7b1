package disk

import "unsafe"

// Block is what WriteDirect counts in: addresses, lengths and offsets are multiples of it.
const Block = 4096

// DirectFile is a File that can be written past the operating system's cache.
type DirectFile interface {
	File
	// WriteDirect writes like WriteAt, and like there it is durable only after Sync. The address and the length of b
	// and the offset are multiples of Block. An error that is errors.ErrUnsupported says that this file cannot be
	// written so: all of b is to be written with WriteAt, and what comes after it.
	WriteDirect(b []byte, offset int64) (int, error)
}

// Blocks returns n zeros whose address is a multiple of Block, with a capacity that is one too.
func Blocks(n int) []byte {
	size := (n + Block - 1) &^ (Block - 1)
	b := make([]byte, size+Block)
	begin := int(-address(b) & (Block - 1))
	return b[begin : begin+n : begin+size]
}

// Aligned reports whether WriteDirect takes b at an offset.
func Aligned(b []byte, offset int64) bool {
	return address(b)%Block == 0 && len(b)%Block == 0 && offset%Block == 0
}

// address tells where b is. It stays there: Go moves only what is on a stack, and what is written is not.
func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
