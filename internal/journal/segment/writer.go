package segment

import (
	"errors"

	"github.com/evhub/evhub/internal/journal/disk"
)

// gather is how many bytes of frames are gathered before they are written without being asked for: whole blocks.
const gather = 2 << 20

// direct is how large a write is, in bytes, that is better not copied into the system's cache.
const direct = 64 << 10

// zerosAtOnce is how many zeros are written with one call.
const zerosAtOnce = 256 << 10

// Writer writes one segment: it gathers frames, and Flush writes what it has gathered with one call. After an error of
// writing or of Sync the file is finished: every further call returns that error, and nothing that was added since the
// last good Sync counts. Not safe for concurrent use.
//
// What it writes begins with a block of the file, and ends with one if that much is prepared: the frames that are in the
// first block already are written again, and zeros behind the last frame. So no block must be read from the disk to be
// changed, and large writes can go past the cache.
type Writer struct {
	file   disk.File
	direct disk.DirectFile // nil: cannot be written past the cache
	seed   Seed
	buf    []byte // made by disk.Blocks; frames of the file from at on
	at     int64  // where buf belongs in the file, a multiple of disk.Block
	done   int    // so much at the front of buf is in the file already
	room   int64  // up to here the file is prepared
	err    error
}

// Create makes the file name, with header h as the first thing that is gathered.
func Create(fs disk.FS, name string, h Header) (*Writer, error) {
	f, err := fs.Create(name)
	if err != nil {
		return nil, err
	}
	return newWriter(f, 0, h), nil
}

// Reuse is Create for a file that exists and whose content means nothing any more. It stays there until it is written
// over, and takes the place of room that has to be prepared.
func Reuse(fs disk.FS, name string, h Header) (*Writer, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return newWriter(f, size, h), nil
}

func newWriter(f disk.File, room int64, h Header) *Writer {
	w := &Writer{file: f, seed: h.Seed(), room: room}
	w.direct, _ = f.(disk.DirectFile)
	w.grow(HeaderSize)
	w.buf = h.append(w.buf)
	return w
}

// Add gathers a frame whose payload is head and body together.
func (w *Writer) Add(kind Kind, flags uint8, seq uint64, head, body []byte) {
	w.makePlace()
	if w.err != nil {
		return
	}
	w.grow(int(FrameSize(len(head) + len(body))))
	w.buf = w.seed.AppendFrame(w.buf, kind, flags, seq, head, body)
}

// AddFrames gathers frames that EndFrame ended, one behind the other. They get the numbers from seq on, and the first of
// them flags. It changes what is in frames, and keeps none of it.
func (w *Writer) AddFrames(frames []byte, flags uint8, seq uint64) {
	w.seed.stampAll(frames, flags, seq)
	for len(frames) > 0 {
		w.makePlace()
		if w.err != nil {
			return
		}
		n := min(len(frames), gather-len(w.buf))
		w.grow(n)
		w.buf = append(w.buf, frames[:n]...)
		frames = frames[n:]
	}
}

// WriteInPlace writes frames that are stamped from where they are. Blocks, made by disk.Blocks, are those of the file
// from the end of the segment on: in front of the frames there is as much room as the file has in the first of them, which
// is filled in. Nothing has been gathered. What is behind the frames in the last of the blocks is written, too, as zeros.
func (w *Writer) WriteInPlace(blocks []byte) {
	if w.err != nil {
		return
	}
	copy(blocks, w.buf)
	w.err = w.write(blocks, w.pad(blocks))
}

// makePlace writes the whole blocks of what has been gathered if that is enough.
func (w *Writer) makePlace() {
	if w.err == nil && len(w.buf) >= gather {
		w.err = w.write(w.buf, wholeBlocks(len(w.buf)))
	}
}

// grow makes the buffer large enough for n more bytes, so that append leaves it where it is.
func (w *Writer) grow(n int) {
	need := len(w.buf) + n
	if need <= cap(w.buf) {
		return
	}
	larger := disk.Blocks(max(need, min(2*cap(w.buf), gather)))
	w.buf = larger[:copy(larger, w.buf)]
}

// wholeBlocks is how many bytes of n are in blocks that are full.
func wholeBlocks(n int) int { return n &^ (disk.Block - 1) }

// nextBlock is where the first block begins that has nothing of n bytes.
func nextBlock(n int64) int64 { return (n + disk.Block - 1) &^ (disk.Block - 1) }

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
	if w.err == nil && len(w.buf) > w.done {
		w.err = w.write(w.buf, w.pad(w.buf))
	}
	return w.err
}

// pad puts zeros behind b, what is to be written next, up to the end of the block but not of what is prepared. It returns
// how much is to be written.
func (w *Writer) pad(b []byte) int {
	n := len(b)
	end := min(nextBlock(int64(n)), w.room-w.at)
	if end <= int64(n) {
		return n
	}
	clear(b[n:end])
	return int(end)
}

// write writes n bytes from the beginning of b, which goes where the buffer does, and keeps in the buffer what belongs to
// blocks that are not yet full. After an error what was gathered is gone.
func (w *Writer) write(b []byte, n int) error {
	if err := w.writeAt(b[:n], w.at); err != nil {
		w.buf = w.buf[:w.done]
		return err
	}
	written := min(n, len(b))
	w.room = max(w.room, w.at+int64(written))
	full := wholeBlocks(written)
	w.buf = append(w.buf[:0], b[full:]...)
	w.at += int64(full)
	w.done = written - full
	return nil
}

func (w *Writer) writeAt(b []byte, offset int64) error {
	put := w.file.WriteAt
	if w.direct != nil && len(b) >= direct && len(b)%disk.Block == 0 {
		put = w.direct.WriteDirect
	}
	n, err := put(b, offset)
	if w.direct != nil && errors.Is(err, errors.ErrUnsupported) {
		w.direct = nil
		n, err = w.file.WriteAt(b, offset)
	}
	if err == nil && n < len(b) {
		err = errors.New("short write") // io.WriterAt forbids it
	}
	return err
}

// Sync writes what has been gathered and makes the segment durable.
func (w *Writer) Sync() error {
	if err := w.Flush(); err != nil {
		return err
	}
	w.err = w.file.Sync()
	return w.err
}

// Prepare makes sure that n more bytes can be written without running out of room, and makes the file larger by step, up
// to the end of a block, if it has to grow for that. With zeros they are written to the new room: what is written there
// later changes nothing that the file system keeps about the file, so that Sync has less to do. A failure changes
// nothing: the segment can still be used.
func (w *Writer) Prepare(n, step int64, zeros bool) error {
	if w.err != nil {
		return w.err
	}
	need := w.Size() + n
	if need <= w.room {
		return nil
	}
	target := nextBlock(max(need, w.room+step))
	err := w.file.Preallocate(w.room, target-w.room)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil // then the file grows as it is written
	}
	if err == nil && zeros {
		err = w.fill(w.room, target)
	}
	if err != nil {
		// What was got of it goes back; that it may not work changes nothing.
		_ = w.file.Truncate(w.room)
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
	if len(w.buf) == w.done {
		flags = First // else a power cut may take what is written with it
	}
	w.Add(End, flags, seq, payload, nil)
	if err := w.Flush(); err != nil {
		return err
	}
	if size := w.Size(); w.room > size {
		if w.err = w.file.Truncate(size); w.err != nil {
			return w.err
		}
		w.room = size
	}
	return w.Sync()
}

// Close closes the file, without syncing it.
func (w *Writer) Close() error { return w.file.Close() }
