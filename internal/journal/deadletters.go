package journal

import (
	"fmt"
	"log/slog"
	"sync"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// Letter is a dead letter: bytes, under a key that no other letter of the same destination ever has.
type Letter struct {
	Key  uint64
	Data []byte // belongs to the caller
}

// DeadLetters keeps the dead letters of one destination on disk until they are removed, in an append-only set of small
// segments in dead/<number>. Memory holds a few bytes for each letter, never its Data. It is safe for concurrent use.
//
// A letter whose Append returned nil is there until a Remove with its key; one whose Remove returned nil does not come
// back, unless the disk damages the very frame that says so. After an error of Append the letters are not listed, but
// the next Open may find them; after an error of Remove they are listed, but the next Open may not find them.
type DeadLetters struct {
	env deadEnv
	dir string

	writing sync.Mutex  // held by Append, Remove, Close and compaction, over their waits for the disk
	active  *deadWriter // nil: the next write begins a new segment
	halted  bool        // what is on disk is not sure: nothing is rewritten or unlinked until the next Open

	mu       sync.Mutex // guards the fields below; those who change them hold writing as well
	segments []*deadSegment
	next     uint64 // the key of the next letter
	good     uint64 // the last key that counts
	found    Recovery
	closed   bool
}

// deadEnv is what dead letters need of their journal.
type deadEnv struct {
	fs           disk.FS
	id           [16]byte
	log          *slog.Logger
	readOnly     bool
	segmentBytes int64
	giveWay      func() bool // makes room on a full disk, and is false if it cannot; nil: it never can
}

// deadSegmentBytes is where a segment ends. It is small because a segment goes only as a whole.
const deadSegmentBytes = 4 << 20

// openDeadLetters opens those of one destination. It costs one look into a directory if there are none.
func openDeadLetters(env deadEnv, number uint32) (*DeadLetters, error) {
	if env.segmentBytes == 0 {
		env.segmentBytes = deadSegmentBytes
	}
	if env.log == nil {
		env.log = slog.Default()
	}
	d := &DeadLetters{env: env, dir: letterDir(number), next: 1}
	if err := d.load(); err != nil {
		return nil, err
	}
	if !env.readOnly {
		d.writing.Lock()
		defer d.writing.Unlock()
		d.compact()
	}
	return d, nil
}

// Append keeps letters, whose keys rise by one from first, behind all others. It is one write and one fsync for all of
// them, and two more where a segment begins.
func (d *DeadLetters) Append(letters [][]byte) (first uint64, err error) {
	err = withRoom(d.env.giveWay, func() error {
		first, err = d.append(letters)
		return err
	})
	return first, err
}

func (d *DeadLetters) append(letters [][]byte) (first uint64, err error) {
	d.writing.Lock()
	defer d.writing.Unlock()
	if err := d.writable(); err != nil {
		return 0, err
	}
	first = d.next
	if len(letters) == 0 {
		return first, nil
	}
	if err := checkLengths(letters); err != nil {
		return 0, err
	}
	err = d.commit(func(w *segment.Writer) {
		for i, data := range letters {
			w.Add(segment.Event, firstOfGroup(i), first+uint64(i), nil, data)
		}
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next += uint64(len(letters)) // also after an error: the disk may have got these keys
	if err != nil {
		return 0, fmt.Errorf("journal: dead letters in %s: %w", d.dir, err)
	}
	d.good = d.next - 1
	last := d.segments[len(d.segments)-1]
	for i, data := range letters {
		last.add(first+uint64(i), len(data))
	}
	return first, nil
}

// Remove lets go of the letters with these keys, for good, and returns how many of them there were.
func (d *DeadLetters) Remove(keys ...uint64) (n int, err error) {
	err = withRoom(d.env.giveWay, func() error {
		n, err = d.remove(keys)
		return err
	})
	return n, err
}

func (d *DeadLetters) remove(keys []uint64) (int, error) {
	d.writing.Lock()
	defer d.writing.Unlock()
	if err := d.writable(); err != nil {
		return 0, err
	}
	keys, n := d.present(keys)
	if len(keys) == 0 {
		return 0, nil
	}
	if err := d.commitRemoval(keysToRanges(keys)); err != nil {
		return 0, fmt.Errorf("journal: dead letters in %s: %w", d.dir, err)
	}
	d.tidy()
	return n, nil
}

// Totals are those of the letters that are kept.
func (d *DeadLetters) Totals() Totals {
	d.mu.Lock()
	defer d.mu.Unlock()
	var sum Totals
	for _, s := range d.segments {
		sum = sum.Plus(s.kept)
	}
	return sum
}

// Recovery is the damage that was found in the letters, by the opening and since.
func (d *DeadLetters) Recovery() Recovery {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.found
}

// close ends the newest segment. Letters that are being read can still be read.
func (d *DeadLetters) close() error {
	d.writing.Lock()
	defer d.writing.Unlock()
	err := d.seal()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return err
}

func (d *DeadLetters) writable() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.env.readOnly:
		return ErrReadOnly
	case d.closed:
		return ErrClosed
	}
	return nil
}

func checkLengths(letters [][]byte) error {
	for _, data := range letters {
		if len(data) > segment.MaxPayload {
			return fmt.Errorf("journal: a dead letter of %d bytes; the most is %d", len(data), segment.MaxPayload)
		}
	}
	return nil
}

// firstOfGroup is the flag of frame i of a group.
func firstOfGroup(i int) uint8 {
	if i == 0 {
		return segment.First
	}
	return 0
}
