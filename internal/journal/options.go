package journal

import (
	"log/slog"
	"time"

	"github.com/evhub/evhub/internal/journal/disk"
)

// Options changes what Open does. The zero value is good.
type Options struct {
	// FS is the file system that holds the journal. nil: the operating system's, in the directory given to Open.
	FS disk.FS
	// Logger is told what was found and what goes wrong. nil: slog.Default.
	Logger *slog.Logger
	// SegmentBytes is where a segment ends and the next one begins. 0: 64 MiB. A group is never split, so a segment
	// can be larger than that.
	SegmentBytes int64
	// MaxBytes is the most that the segments of the log take on disk. 0: no limit. At the limit Append fails with
	// ErrFull until room has been made.
	MaxBytes int64
	// SaveEvery is how long a moved cursor waits for its fsync. 0: 100 ms. Negative: nothing happens in the
	// background, the caller calls SyncCursors and Compact.
	SaveEvery time.Duration
	// MustExist makes no journal: where there is none, Open fails with an error that is fs.ErrNotExist.
	MustExist bool
	// ReadOnly looks at a journal, which must exist and may be in use, and changes nothing on disk.
	ReadOnly bool
}

const (
	defaultSegmentBytes = 64 << 20
	defaultSaveEvery    = 100 * time.Millisecond
)

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = defaultSegmentBytes
	}
	if o.SaveEvery == 0 {
		o.SaveEvery = defaultSaveEvery
	}
	return o
}
