package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

const (
	quarantineDir = "quarantine"
	// maxQuarantine is the most of one range that is copied.
	maxQuarantine = 64 << 20
)

// quarantine copies bad bytes out of the file source, for people to look at, and returns the copy's name. The same
// damage is found at every Open, so a copy that is there already is good enough.
func quarantine(fsys disk.FS, source string, r io.ReaderAt, at segment.Range) (string, error) {
	name := fmt.Sprintf("%s/%s-%d", quarantineDir, strings.ReplaceAll(source, "/", "-"), at.Offset)
	if err := fsys.MkdirAll(quarantineDir); err != nil {
		return "", err
	}
	f, err := fsys.Create(name)
	if errors.Is(err, fs.ErrExist) {
		return name, nil
	}
	if err != nil {
		return "", err
	}
	if err := errors.Join(copyRange(f, r, at), f.Close()); err != nil {
		_ = fsys.Remove(name) // half a copy would keep a whole one from being made
		return "", err
	}
	return name, errors.Join(fsys.SyncDir(quarantineDir), fsys.SyncDir("."))
}

func copyRange(to disk.File, from io.ReaderAt, at segment.Range) error {
	length := min(at.Length, maxQuarantine)
	buf := make([]byte, min(length, 1<<20))
	for done := int64(0); done < length; {
		n, err := from.ReadAt(buf[:min(int64(len(buf)), length-done)], at.Offset+done)
		if n > 0 {
			if _, err := to.WriteAt(buf[:n], done); err != nil {
				return err
			}
			done += int64(n)
		}
		if errors.Is(err, io.EOF) {
			break // the file is shorter than it should be
		}
		if err != nil {
			return err
		}
	}
	return to.Sync()
}
