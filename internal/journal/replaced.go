package journal

import (
	"io"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// holds reports whether the file of that name is the segment with the seed: a rename may have failed only by what it says.
func holds(fs disk.FS, name string, seed segment.Seed) bool {
	file, err := fs.OpenRead(name)
	if err != nil {
		return false
	}
	defer file.Close()
	found, ok := seedOf(file)
	return ok && found == seed
}

// replacedSince reports whether a file has the header of another segment than the one with the seed.
func replacedSince(file io.ReaderAt, seed segment.Seed) bool {
	found, ok := seedOf(file)
	return ok && found != seed // if there is none, reading it will tell
}

// seedOf reads the seed from the header of a segment.
func seedOf(file io.ReaderAt) (seed segment.Seed, ok bool) {
	var b [segment.HeaderSize]byte
	if _, err := file.ReadAt(b[:], 0); err != nil {
		return 0, false
	}
	h, err := segment.ParseHeader(b[:])
	return h.Seed(), err == nil
}
