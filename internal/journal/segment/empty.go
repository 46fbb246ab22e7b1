package segment

import (
	"errors"
	"io"
)

// Empty reports whether r has nothing but zeros from offset from to end. A file that is shorter has nothing there.
func Empty(r io.ReaderAt, from, end int64) (bool, error) {
	w := window{r: r, end: end, at: from}
	for n := int64(0); from < end; from += n {
		n = min(readSize, end-from)
		b, err := w.bytes(from, n)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			return isZero(w.buf), nil
		case err != nil || !isZero(b):
			return false, err
		}
	}
	return true, nil
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
