package logs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// file is the least that a log can do: records with their length, checksum and number are put into a buffer, which is
// written and synced for each group, into files of 64 MiB. A record takes as many bytes as one in the journal.
type file struct {
	fs      disk.FS
	prepare func(disk.File) error
	active  disk.File
	at      int64
	files   int
	records uint64
	buffer  []byte
}

const (
	fileSize     = 64 << 20
	headerSize   = 16
	journalExtra = 3 // field 1 of a record: one destination
)

// Growing is a file that grows as it is written.
func Growing(dir string, _ int) (Store, error) {
	return openFile(dir, func(disk.File) error { return nil })
}

// Allocated is a file that gets its room, all at once, before it is written.
func Allocated(dir string, _ int) (Store, error) {
	return openFile(dir, func(f disk.File) error { return f.Preallocate(0, fileSize) })
}

// Zeroed is a file that is filled with zeros, and synced, before it is written.
func Zeroed(dir string, _ int) (Store, error) {
	zeros := make([]byte, 1<<20)
	return openFile(dir, func(f disk.File) error {
		for at := int64(0); at < fileSize; at += int64(len(zeros)) {
			if _, err := f.WriteAt(zeros, at); err != nil {
				return err
			}
		}
		return f.Sync()
	})
}

func openFile(dir string, prepare func(disk.File) error) (Store, error) {
	fs, err := disk.NewOS(dir)
	if err != nil {
		return nil, err
	}
	f := &file{fs: fs, prepare: prepare}
	return f, f.next()
}

// next goes on in a new file.
func (f *file) next() error {
	if err := f.close(); err != nil {
		return err
	}
	active, err := f.fs.Create(fmt.Sprintf("%06d", f.files))
	if err != nil {
		return err
	}
	f.active, f.at = active, 0
	f.files++
	if err := f.prepare(active); err != nil {
		return err
	}
	return f.fs.SyncDir(".")
}

func (f *file) append(bodies [][]byte) error {
	f.buffer = f.buffer[:0]
	for _, b := range bodies {
		f.add(b)
	}
	if f.at+int64(len(f.buffer)) > fileSize {
		if err := f.next(); err != nil {
			return err
		}
	}
	if _, err := f.active.WriteAt(f.buffer, f.at); err != nil {
		return err
	}
	f.at += int64(len(f.buffer))
	return f.active.Sync()
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (f *file) add(body []byte) {
	start := len(f.buffer)
	var header [headerSize]byte
	binary.LittleEndian.PutUint32(header[:], uint32(len(body)))
	binary.LittleEndian.PutUint32(header[4:], crc32.Checksum(body, castagnoli))
	f.records++
	binary.LittleEndian.PutUint64(header[8:], f.records)
	f.buffer = append(append(f.buffer, header[:]...), body...)
	var padding [64]byte
	pad := int(segment.FrameSize(journalExtra+len(body))) - (len(f.buffer) - start)
	f.buffer = append(f.buffer, padding[:pad]...)
}

func (f *file) count() (int, error) { return int(f.records), nil }

func (f *file) close() error {
	if f.active == nil {
		return nil
	}
	err := f.active.Close()
	f.active = nil
	return errors.Join(err)
}
