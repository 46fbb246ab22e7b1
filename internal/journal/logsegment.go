package journal

import (
	"errors"
	"io"
	"sort"
	"sync"
	"time"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// logSegment is a segment of the log, as the journal knows it.
type logSegment struct {
	name      string
	first     uint64 // its records have this Seq or higher ones
	seed      segment.Seed
	created   time.Time // zero if its header is lost
	rewritten bool
	reused    bool  // behind its frames are those of an older one
	before    marks // what its first table says; nil if that is lost
	sealed    bool  // it has its last frame, so that what is bad in it is damage
	tail      bool  // behind its end there may be a group that failed, which only the next segment says does not count

	// What follows is under Journal.mu, and does not change any more once the segment is not the active one.
	last  uint64  // the highest Seq that counts; below first if there is none
	end   int64   // its good frames end here or before
	size  int64   // that it takes on disk
	index []place // of some frames

	wanted int64 // of it, when the compactor last looked
	tried  int64 // what was wanted when it was last rewritten

	handle sync.Mutex
	file   disk.File // open while somebody reads it
	users  int
	gone   bool // out of the log: it is not opened any more
}

// place is the beginning of a frame, and the highest Seq before it.
type place struct {
	after  uint64
	offset int64
}

// indexEvery is how far the places in an index are apart, in bytes.
const indexEvery = 1 << 20

var errGone = errors.New("segment has left the log")

// empty reports whether there is no record that counts. The caller holds Journal.mu.
func (s *logSegment) empty() bool { return s.last < s.first }

// find returns an offset behind which all records with a Seq above after are. The caller holds Journal.mu.
func (s *logSegment) find(after uint64) int64 {
	i := sort.Search(len(s.index), func(i int) bool { return s.index[i].after > after })
	if i == 0 {
		return segment.HeaderSize
	}
	return s.index[i-1].offset
}

// note adds a place to the index if the one before is far enough. The caller holds Journal.mu.
func (s *logSegment) note(p place) {
	if n := len(s.index); n == 0 && p.offset >= indexEvery || n > 0 && p.offset-s.index[n-1].offset >= indexEvery {
		s.index = append(s.index, p)
	}
}

// acquire opens the file, or shares it with those who have it open. It fails with errGone if the segment has left the
// log. Each acquire needs a release.
func (s *logSegment) acquire(fs disk.FS) (disk.File, error) {
	s.handle.Lock()
	defer s.handle.Unlock()
	if s.file == nil {
		if s.gone {
			return nil, errGone
		}
		f, err := fs.OpenRead(logPath(s.name))
		if err != nil {
			return nil, err
		}
		s.file = f
	}
	s.users++
	return s.file, nil
}

func (s *logSegment) release() {
	s.handle.Lock()
	defer s.handle.Unlock()
	if s.users--; s.users == 0 {
		_ = s.file.Close() // it was only read
		s.file = nil
	}
}

// scan returns a scanner for the file up to size.
func (s *logSegment) scan(file io.ReaderAt, size int64) *segment.Scanner {
	return segment.NewScanner(file, s.seed, segment.HeaderSize, size).Reused(s.reused && !s.sealed)
}

// inUse reports whether somebody has the file open.
func (s *logSegment) inUse() bool {
	s.handle.Lock()
	defer s.handle.Unlock()
	return s.users > 0
}

// retire keeps the file from being opened again. Who has it open can go on.
func (s *logSegment) retire() {
	s.handle.Lock()
	defer s.handle.Unlock()
	s.gone = true
}
