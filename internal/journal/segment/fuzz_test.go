package segment_test

import (
	"bytes"
	"testing"

	"github.com/evhub/evhub/internal/journal/segment"
)

// Whatever the bytes are: the scan ends, goes forward, stays within the file and takes no more memory than it.
func FuzzScanner(f *testing.F) {
	f.Add(write(f, 3), uint32(header.Seed()))
	f.Add(write(f, 0), uint32(header.Seed()))
	f.Add(append(write(f, 2), make([]byte, 100)...), uint32(header.Seed()))
	f.Add(write(f, 3)[:150], uint32(0))
	f.Fuzz(func(t *testing.T, b []byte, seed uint32) {
		_, _ = segment.ParseHeader(b)
		checkScan(t, b, segment.Seed(seed))
		if found, ok := segment.FindSeed(bytes.NewReader(b), int64(len(b)), 0); ok {
			checkScan(t, b, found)
		}
	})
}

func checkScan(t *testing.T, b []byte, seed segment.Seed) {
	t.Helper()
	s := segment.NewScanner(&boundedReader{t: t, b: b}, seed, 0, int64(len(b)))
	var last int64
	for s.Next() {
		fr := s.Frame()
		if fr.Offset < last || fr.End() > int64(len(b)) || fr.End() != s.Offset() {
			t.Fatalf("frame from %d to %d, behind %d, in %d bytes", fr.Offset, fr.End(), last, len(b))
		}
		last = fr.End()
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	var end int64
	for i, r := range s.Bad() {
		if r.Length <= 0 || r.Offset < end || r.End() > int64(len(b)) {
			t.Fatalf("bad range %d: %v", i, s.Bad())
		}
		end = r.End()
	}
}

// boundedReader fails the test when it is asked for more than it has.
type boundedReader struct {
	t *testing.T
	b []byte
}

func (r *boundedReader) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 || at+int64(len(p)) > int64(len(r.b)) {
		r.t.Fatalf("read of %d bytes at %d, of %d", len(p), at, len(r.b))
	}
	return copy(p, r.b[at:]), nil
}
