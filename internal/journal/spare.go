package journal

import (
	"sync"

	"github.com/evhub/evhub/internal/journal/segment"
)

// spare is the file of a segment that nothing needs any more. The next segment is written over it: where its bytes go on
// the disk is settled already, so that the file system has nothing to note when they are made durable, and nothing to
// free.
type spare struct {
	mu   sync.Mutex
	size int64 // of the file; 0: there is none
	idle int   // how often the compactor has found it unused
}

// spareFile is temporary for whoever opens the journal next.
const spareFile = "spare" + temporarySuffix

// recycle takes over the file of a segment that has left the log, and reports whether it did. The name of the segment is
// gone for good before anything is written over it: else a power cut could bring the name back with what is not its own.
// Nor may anybody have the file open; nobody opens it any more, as it is gone. The caller holds compacting.
func (j *Journal) recycle(s *logSegment) bool {
	size := s.size
	if !s.sealed || s.rewritten || 2*size < j.segmentBytes() || j.o.MaxBytes > 0 || j.noRoom() || s.inUse() {
		return false
	}
	j.spare.mu.Lock()
	defer j.spare.mu.Unlock()
	if j.spare.size > 0 || j.fs.Rename(logPath(s.name), logPath(spareFile)) != nil {
		return false
	}
	if j.fs.SyncDir(logDir) != nil {
		_ = j.remove(logPath(spareFile)) // the next process would
		return true
	}
	j.spare.size, j.spare.idle = size, 0
	return true
}

// reuse makes a segment of the spare file. Without one w is nil. The caller holds writing.
func (j *Journal) reuse(h segment.Header) (w *segment.Writer) {
	j.spare.mu.Lock()
	defer j.spare.mu.Unlock()
	if j.spare.size == 0 {
		return nil
	}
	j.spare.size = 0
	w, err := segment.Reuse(j.fs, logPath(spareFile), h)
	if err != nil {
		_ = j.remove(logPath(spareFile)) // a new one does as well
		return nil
	}
	return w
}

// dropSpare gives the room of the spare file back, and reports whether there was one.
func (j *Journal) dropSpare() bool {
	j.spare.mu.Lock()
	defer j.spare.mu.Unlock()
	if j.spare.size == 0 {
		return false
	}
	j.spare.size = 0
	return j.remove(logPath(spareFile)) == nil
}

// idleLooks is how often the compactor finds the spare file unused before it is given up.
const idleLooks = 2

// dropIdleSpare drops the spare file if nobody has needed it for a while, or if there is no room for it.
func (j *Journal) dropIdleSpare() {
	j.spare.mu.Lock()
	j.spare.idle++
	idle := j.spare.idle > idleLooks
	j.spare.mu.Unlock()
	if idle || j.noRoom() {
		j.dropSpare()
	}
}

func (j *Journal) spareBytes() int64 {
	j.spare.mu.Lock()
	defer j.spare.mu.Unlock()
	return j.spare.size
}

// isThere reports whether a file in the log has this name.
func (j *Journal) isThere(name string) bool {
	f, err := j.fs.OpenRead(logPath(name))
	if err != nil {
		return false
	}
	_ = f.Close() // it was only looked at
	return true
}
