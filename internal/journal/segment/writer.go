package segment

import (
	"errors"

	"github.com/evhub/evhub/internal/journal/disk"
)

// gather is how many bytes of frames are gathered before they are written without being asked for.
const gather = 1 << 20

// direct is how large frames are, in bytes, that are better written from where they are than gathered.
const direct = 32 << 10

// zerosAtOnce is how many zeros are written with one call.
const zerosAtOnce = 256 << 10

// Writer writes one segment: it gathers frames, and Flush writes what it has gathered with one call. After an error of
// writing or of Sync the file is finished: every further call returns that error, and nothing that was added since the
// last good Sync counts. Not safe for concurrent use.
type Writer struct {
	file disk.File
	seed Seed
	buf  []byte // gathered frames
	at   int64  // where buf belongs in the file
	room int64  // up to here the file is prepared
	err  error
}

// Create makes the file name, with header h as the first thing that is gathered.
func Create(fs disk.FS, name string, h Header) (*Writer, error) {
	f, err := fs.Create(name)
	if err != nil {
		return nil, err
	}
	return &Writer{file: f, seed: h.Seed(), buf: h.append(nil)}, nil
}

// Add gathers a frame whose payload is head and body together.
func (w *Writer) Add(kind Kind, flags uint8, seq uint64, head, body []byte) {
	if len(w.buf) >= gather {
		_ = w.Flush() // w.err
	}
	if w.err != nil {
		return
	}
	w.buf = w.seed.AppendFrame(w.buf, kind, flags, seq, head, body)
}

// AddFrames gathers frames that EndFrame ended, one behind the other. They get the numbers from seq on, and the first of
// them flags. It changes what is in frames, and keeps none of it.
func (w *Writer) AddFrames(frames []byte, flags uint8, seq uint64) {
	w.seed.stampAll(frames, flags, seq)
	large := len(frames) >= direct
	if large || len(w.buf)+len(frames) > gather {
		_ = w.Flush() // w.err
	}
	switch {
	case w.err != nil:
	case large:
		w.err = w.write(frames)
	default:
		w.buf = append(w.buf, frames...)
	}
}

// Size is how large the segment is with what has been gathered.
func (w *Writer) Size() int64 { return w.at + int64(len(w.buf)) }

// Seed is the seed of the segment.
func (w *Writer) Seed() Seed { return w.seed }

// File is the file that is written.
func (w *Writer) File() disk.File { return w.file }

// Err is the error that has finished the file, if any.
func (w *Writer) Err() error { return w.err }

// Flush writes what has been gathered, with one call.
func (w *Writer) Flush() error {
	if w.err == nil && len(w.buf) > 0 {
		w.err = w.write(w.buf)
		w.buf = w.buf[:0]
	}
	return w.err
}

func (w *Writer) write(b []byte) error {
	n, err := w.file.WriteAt(b, w.at)
	if err == nil && n < len(b) {
		err = errors.New("short write") // io.WriterAt forbids it
	}
	if err != nil {
		return err
	}
	w.at += int64(n)
	w.room = max(w.room, w.at)
	return nil
}

// Sync writes what has been gathered and makes the segment durable.
func (w *Writer) Sync() error {
	if err := w.Flush(); err != nil {
		return err
	}
	w.err = w.file.Sync()
	return w.err
}

// Prepare makes sure that n more bytes can be written without running out of room, and makes the file larger by step
// if it has to grow for that. With zeros they are written to the new room: what is written there later changes nothing
// that the file system keeps about the file, so that Sync has less to do. A failure changes nothing: the segment can
// still be used.
func (w *Writer) Prepare(n, step int64, zeros bool) error {
	if w.err != nil {
		return w.err
	}
	need := w.Size() + n
	if need <= w.room {
		return nil
	}
	target := max(need, w.room+step)
	err := w.file.Preallocate(w.room, target-w.room)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil // then the file grows as it is written
	}
	if err == nil && zeros {
		err = w.fill(w.room, target)
	}
	if err != nil {
		// What was got of it goes back; that it may not work changes nothing.
		_ = w.file.Truncate(max(w.room, w.at))
		return err
	}
	w.room = target
	return nil
}

// fill writes zeros.
func (w *Writer) fill(from, to int64) error {
	buffer := make([]byte, min(zerosAtOnce, to-from))
	for from < to {
		n, err := w.file.WriteAt(buffer[:min(int64(len(buffer)), to-from)], from)
		if err != nil {
			return err
		}
		from += int64(n)
	}
	return nil
}

// Room is up to where the file is prepared.
func (w *Writer) Room() int64 { return w.room }

// Seal ends the segment: it writes the last frame, gives back what was prepared but not used, and syncs. The file stays
// open.
func (w *Writer) Seal(seq uint64, payload []byte) error {
	var flags uint8
	if len(w.buf) == 0 {
		flags = First // else a power cut may take what is written with it
	}
	w.Add(End, flags, seq, payload, nil)
	if err := w.Flush(); err != nil {
		return err
	}
	if w.room > w.at {
		if w.err = w.file.Truncate(w.at); w.err != nil {
			return w.err
		}
		w.room = w.at
	}
	return w.Sync()
}

// Close closes the file, without syncing it.
func (w *Writer) Close() error { return w.file.Close() }
