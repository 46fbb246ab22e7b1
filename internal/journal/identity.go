package journal

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

const (
	identityMagic = "EVHUBJNL"
	identitySize  = 64
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encodeIdentity(id [16]byte, created time.Time) []byte {
	b := make([]byte, identitySize)
	copy(b, identityMagic)
	binary.LittleEndian.PutUint16(b[8:], segment.Version)
	binary.LittleEndian.PutUint16(b[10:], identitySize)
	copy(b[16:], id[:])
	binary.LittleEndian.PutUint64(b[32:], uint64(created.UnixNano()))
	binary.LittleEndian.PutUint32(b[identitySize-4:], crc32.Checksum(b[:identitySize-4], castagnoli))
	return b
}

var errIdentity = errors.New("damaged")

// decodeIdentity returns the id of a journal. Damage is an errIdentity, a newer format a *segment.VersionError.
func decodeIdentity(b []byte) (id [16]byte, err error) {
	if len(b) != identitySize || !bytes.HasPrefix(b, []byte(identityMagic)) ||
		crc32.Checksum(b[:identitySize-4], castagnoli) != binary.LittleEndian.Uint32(b[identitySize-4:]) {
		return id, errIdentity
	}
	if v := binary.LittleEndian.Uint16(b[8:]); v != segment.Version {
		return id, &segment.VersionError{Version: v}
	}
	return [16]byte(b[16:32]), nil
}

// identify finds out which journal this is, or makes it one if the directory is empty.
func (j *Journal) identify() error {
	b, err := readSmall(j.fs, identityFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	missing := err != nil
	id, err := decodeIdentity(b)
	if err == nil {
		j.id = id
		return nil
	}
	id, known, err := j.idOfSegments()
	if err != nil {
		return err
	}
	if !known {
		_, _ = rand.Read(id[:]) // it never fails
	}
	j.id = id
	j.recovery.LostIdentity = known || !missing
	if j.readOnly {
		return nil
	}
	return replaceFile(j.fs, identityFile, encodeIdentity(id, time.Now()))
}

// idOfSegments returns the id that most segments have.
func (j *Journal) idOfSegments() (id [16]byte, known bool, err error) {
	infos, err := j.fs.List(logDir)
	if errors.Is(err, fs.ErrNotExist) {
		return id, false, nil
	}
	if err != nil {
		return id, false, err
	}
	count := map[[16]byte]int{}
	for _, info := range infos {
		if _, _, ok := parseSegmentName(info.Name); !ok {
			continue
		}
		known = true
		b, err := readSmall(j.fs, logPath(info.Name))
		if err != nil {
			return id, false, err
		}
		if h, err := segment.ParseHeader(b); err == nil {
			if count[h.Journal]++; count[h.Journal] > count[id] {
				id = h.Journal
			}
		}
	}
	if known && count[id] == 0 {
		_, _ = rand.Read(id[:])
	}
	return id, known, nil
}

// refuseForeign refuses a directory that has something in it, but neither the file JOURNAL nor segments of a journal.
func (j *Journal) refuseForeign() error {
	content, err := readSmall(j.fs, identityFile)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	_, err = decodeIdentity(content)
	if version := (*segment.VersionError)(nil); errors.As(err, &version) {
		return newer(identityFile, version)
	}
	if err == nil {
		return nil
	}
	if _, known, err := j.idOfSegments(); err != nil || known {
		return err
	}
	if missing && (j.readOnly || j.o.MustExist) {
		return &RefusedError{Path: ".", Why: "is no journal: it has no file JOURNAL", Err: fs.ErrNotExist}
	}
	if len(content) > identitySize || len(content) >= 8 && !similar(content[:8], identityMagic) && !allZero(content) {
		return &RefusedError{Path: identityFile, Why: "is not evhub's; give the journal a directory of its own"}
	}
	infos, err := j.fs.List(".")
	if err != nil {
		return err
	}
	ours := []string{
		lockFile, identityFile, cursorFileName, ballastFile, logDir, deadDir, quarantineDir,
		identityFile + temporarySuffix, cursorFileName + temporarySuffix, "lost+found",
	}
	for _, info := range infos {
		if !slices.Contains(ours, info.Name) {
			return &RefusedError{Path: info.Name, Why: "is not evhub's, and there is no journal here; give the journal a directory of its own"}
		}
	}
	return nil
}

// similar reports whether a is b but for a few bits.
func similar(a []byte, b string) bool {
	same := 0
	for i := range a {
		if a[i] == b[i] {
			same++
		}
	}
	return same >= len(a)-2
}

func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

func newer(name string, err *segment.VersionError) error {
	return &RefusedError{Path: name, Why: err.Error() + "; use the evhub that wrote it, or another directory"}
}

// readSmall returns the first 4 KiB of a file.
func readSmall(d disk.FS, name string) ([]byte, error) {
	f, err := d.OpenRead(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, 4<<10)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}

// replaceFile puts a file with the given content in place of what has its name; a crash leaves the old or the new one.
func replaceFile(d disk.FS, name string, content []byte) error {
	temporary := name + temporarySuffix
	if err := d.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := d.Create(temporary)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(content, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = d.Remove(temporary) // the next attempt would
		return err
	}
	if err := d.Rename(temporary, name); err != nil {
		return err
	}
	return d.SyncDir(".")
}
