package journal

import (
	"errors"
	"io/fs"
	"iter"
	"log/slog"
	"slices"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// Entries yields the records that are on disk with a Seq of at least from, each once, by rising Seq, up to what is there
// when it comes to the end. Those that every destination has go from the disk sometime, and what is damaged is passed
// over. Each call looks at the files anew, also those of a journal that another process writes; then the newest records
// may not be acknowledged yet. An error ends it.
func (j *Journal) Entries(from uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		next := from
		for try := 1; ; try++ {
			more, err := j.entries(&next, yield)
			switch {
			case !more:
				return
			case err == nil:
				return
			case !errors.Is(err, errMoved) || try == maxMoved:
				yield(Record{}, err)
				return
			}
		}
	}
}

// errMoved: a segment was rewritten or unlinked since this process looked.
var errMoved = errors.New("journal: segments are being rewritten by the process that has the journal open; look again")

// entries yields records from *next on, and moves it along. It is false if yield was.
func (j *Journal) entries(next *uint64, yield func(Record, error) bool) (more bool, err error) {
	segments, err := j.lookAgain()
	if err != nil {
		return true, err
	}
	for i, f := range segments {
		last := lastSeq(f, segments[i+1:])
		if last < *next {
			continue
		}
		file, err := j.openSame(f)
		if err != nil {
			return true, err
		}
		more, err := recordsOf(f, file, *next, last, func(r Record) bool {
			*next = r.Seq + 1
			return yield(r, nil)
		})
		if err := errors.Join(err, file.Close()); err != nil || !more {
			return more, err
		}
	}
	return true, nil
}

// lookAgain lists the segments of the log that can be read, as Open would find them now.
func (j *Journal) lookAgain() ([]*found, error) {
	fresh := &Journal{o: j.o, fs: j.fs, log: slog.New(slog.DiscardHandler), readOnly: true, id: j.id}
	segments, _, err := fresh.survey()
	return segments, err
}

// lastSeq is the highest Seq that counts in a segment: what it has beyond that was written again into the next one.
func lastSeq(f *found, behind []*found) uint64 {
	last := uint64(1<<64 - 1)
	if f.sealed || f.rewritten {
		last = f.endSeq
	}
	if len(behind) > 0 {
		last = min(last, behind[0].first-1)
	}
	return last
}

// openSame opens a segment, unless another one has its name by now.
func (j *Journal) openSame(f *found) (disk.File, error) {
	file, err := j.fs.OpenRead(logPath(f.name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errMoved
	}
	if err == nil && replacedSince(file, f.seed) {
		return nil, errors.Join(errMoved, file.Close())
	}
	return file, err
}

// recordsOf gives the records of a segment with Seqs from from to last to yield, until that is false.
func recordsOf(f *found, file disk.File, from, last uint64, yield func(Record) bool) (more bool, err error) {
	size, err := file.Size()
	if err != nil {
		return true, err
	}
	scan := segment.NewScanner(file, f.seed, segment.HeaderSize, size)
	for scan.Next() {
		frame := scan.Frame()
		if frame.Kind != segment.Event || frame.Seq < from {
			continue
		}
		if frame.Seq > last {
			break
		}
		packed, data, ok := splitPayload(frame.Payload)
		if !ok {
			continue
		}
		from = frame.Seq + 1
		if !yield(Record{Seq: frame.Seq, Destinations: unpack(packed), Data: slices.Clone(data)}) {
			return false, nil
		}
	}
	return true, scan.Err()
}

// unpack decodes packed numbers that splitPayload has checked.
func unpack(packed []byte) (numbers []uint32) {
	for len(packed) > 0 {
		var n uint32
		n, packed, _ = nextNumber(packed)
		numbers = append(numbers, n)
	}
	return numbers
}
