package segment_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/evhub/evhub/internal/journal/segment"
)

func TestEmpty(t *testing.T) {
	zeros := strings.Repeat("\x00", 600<<10)
	for name, c := range map[string]struct {
		content   string
		from, end int64
		want      bool
	}{
		"zeros":                {zeros, 0, 600 << 10, true},
		"nothing":              {"", 0, 0, true},
		"written before":       {"x" + zeros, 1, 600 << 10, true},
		"written at the start": {zeros[:8] + "x" + zeros, 8, 600 << 10, false},
		"written at the end":   {zeros + "x", 8, 600<<10 + 1, false},
		"written behind":       {zeros + "x", 8, 600 << 10, true},
		"shorter":              {zeros, 8, 700 << 10, true},
		"shorter, written":     {zeros + "x", 8, 700 << 10, false},
	} {
		if got, err := segment.Empty(strings.NewReader(c.content), c.from, c.end); got != c.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	bad := errors.New("bad sector")
	if got, err := segment.Empty(readerAt{iotest.ErrReader(bad)}, 0, 8); got || !errors.Is(err, bad) {
		t.Errorf("unreadable: %v, %v", got, err)
	}
}

type readerAt struct{ io.Reader }

func (r readerAt) ReadAt(b []byte, _ int64) (int, error) { return r.Read(b) }
