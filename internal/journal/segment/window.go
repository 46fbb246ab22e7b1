package segment

import (
	"errors"
	"io"
)

// readSize is how much is read at a time.
const readSize = 256 << 10

// window shows the part of a file that is being read, through a buffer that moves forward.
type window struct {
	r    io.ReaderAt
	end  int64  // nothing is read from here on
	at   int64  // the offset of buf[0]
	buf  []byte // what has been read
	size int    // how much to read at a time; 0: readSize
}

// bytes returns the n bytes at offset, which must not lie before those of the call before and must end before end. They
// are valid until the next call. A file that ends early is an io.ErrUnexpectedEOF.
func (w *window) bytes(offset, n int64) ([]byte, error) {
	if i := offset - w.at; i >= 0 && i+n <= int64(len(w.buf)) {
		return w.buf[i : i+n : i+n], nil
	}
	if err := w.move(offset, n); err != nil {
		return nil, err
	}
	return w.buf[:n:n], nil
}

// move makes the buffer begin at offset and hold at least n bytes.
func (w *window) move(offset, n int64) error {
	var rest []byte
	if i := offset - w.at; i >= 0 && i < int64(len(w.buf)) {
		rest = w.buf[i:]
	}
	want := n
	if ahead := w.ahead(); want < ahead {
		want = min(ahead, w.end-offset)
	}
	buf := w.buf[:0]
	if int64(cap(buf)) < want {
		buf = make([]byte, 0, want)
	}
	buf = append(buf, rest...)
	got, err := w.r.ReadAt(buf[len(rest):want], offset+int64(len(rest)))
	if err != nil && !errors.Is(err, io.EOF) && int64(len(rest)+got) < n && n < want { // it may be what is read ahead
		got, err = w.r.ReadAt(buf[len(rest):n], offset+int64(len(rest)))
	}
	w.at, w.buf = offset, buf[:len(rest)+got]
	if int64(len(w.buf)) >= n {
		return nil // what is missing behind is not asked for yet
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (w *window) ahead() int64 {
	if w.size > 0 {
		return int64(w.size)
	}
	return readSize
}
