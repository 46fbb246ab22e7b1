package segment_test

import (
	"bytes"
	"testing"

	"github.com/evhub/evhub/internal/journal/segment"
)

// skim returns the Seqs of the frames that a Skimmer finds in b, and where it stopped.
func skim(t testing.TB, b []byte) (seqs []uint64, end int64) {
	t.Helper()
	s := segment.NewSkimmer(bytes.NewReader(b), header.Seed(), segment.HeaderSize, int64(len(b)))
	for s.Next() {
		f := s.Frame()
		seqs = append(seqs, f.Seq)
		p, good, err := s.Payload()
		if err != nil || len(p) != s.Length() {
			t.Fatalf("payload of %d bytes at %d, want %d: %v", len(p), f.Offset, s.Length(), err)
		}
		if f.Kind == segment.Event && good != bytes.Equal(p, payload(f.Seq)) {
			t.Fatalf("payload %q is said to be good: %v", p, good)
		}
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return seqs, s.Offset()
}

func TestSkimGoesFromHeaderToHeader(t *testing.T) {
	b := write(t, 1000)
	if seqs, end := skim(t, b); len(seqs) != 1001 || seqs[0] != 7 || seqs[1000] != 1006 || end != int64(len(b)) {
		t.Errorf("%d frames, up to %d of %d", len(seqs), end, len(b))
	}
	b[segment.HeaderSize+segment.FrameHeaderSize]++ // a payload: seen when it is read
	if seqs, _ := skim(t, b); len(seqs) != 1001 {
		t.Errorf("%d frames", len(seqs))
	}
	second := segment.HeaderSize + segment.FrameSize(len(payload(7)))
	b[second+9]++
	if seqs, end := skim(t, b); len(seqs) != 1 || end != second {
		t.Errorf("%d frames up to %d; a bad header at %d was passed", len(seqs), end, second)
	}
	if seqs, _ := skim(t, b[:second-1]); len(seqs) != 0 {
		t.Error("a frame that is cut off was taken")
	}
}
