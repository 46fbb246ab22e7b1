package journal

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/evhub/evhub/internal/journal/segment"
)

// spares are the files of segments that nothing needs any more. The next segments are written over them: where their
// bytes go on the disk is settled already, so that the file system has nothing to note when they are made durable, and
// nothing to free.
type spares struct {
	mu    sync.Mutex // never held while the disk works
	files []spare    // the newest last
	idle  int        // how often the compactor has found that none was needed
	last  int        // number of the last that there was
}

// spare is one of them, in the log. For whoever opens the journal next it is a temporary file.
type spare struct {
	name string
	size int64
}

// mostSpares is enough for the segments that end while the saver waits.
const mostSpares = 2

// recycle takes over the file of a segment that has left the log, and reports whether it did. The name of the segment is
// gone for good before anything is written over it: else a power cut could bring the name back with what is not its own.
// Nor may anybody have the file open; nobody opens it any more, as it is gone. The caller holds compacting.
func (j *Journal) recycle(s *logSegment) bool {
	if runtime.GOOS == "windows" { // which renames no file that is open
		return false
	}
	if !s.sealed || s.rewritten || 2*s.size < j.segmentBytes() || j.o.MaxBytes > 0 || j.noRoom() || s.inUse() {
		return false
	}
	file := spare{j.nextSpare(), s.size}
	if file.name == "" {
		return false
	}
	if j.fs.Rename(logPath(s.name), logPath(file.name)) != nil {
		_ = j.remove(logPath(file.name)) // some file systems have done what they say has failed
		return false
	}
	if j.fs.SyncDir(logDir) != nil {
		_ = j.remove(logPath(file.name)) // the next process would
		return true
	}
	j.spares.mu.Lock()
	defer j.spares.mu.Unlock()
	j.spares.files = append(j.spares.files, file)
	j.spares.idle = 0
	return true
}

// nextSpare is the name for one more spare file; empty if there are enough. The caller holds compacting.
func (j *Journal) nextSpare() string {
	j.spares.mu.Lock()
	defer j.spares.mu.Unlock()
	if len(j.spares.files) >= mostSpares {
		return ""
	}
	j.spares.last++
	return fmt.Sprintf("spare.%d%s", j.spares.last, temporarySuffix)
}

// takeSpare returns the name of a spare file, which is the caller's from then on; empty if there is none.
func (j *Journal) takeSpare() string {
	j.spares.mu.Lock()
	defer j.spares.mu.Unlock()
	n := len(j.spares.files)
	if n == 0 {
		return ""
	}
	name := j.spares.files[n-1].name
	j.spares.files = j.spares.files[:n-1]
	return name
}

// reuse makes a segment of a spare file. Without one, w is nil. The caller holds writing.
func (j *Journal) reuse(h segment.Header) (w *segment.Writer, spare string) {
	spare = j.takeSpare()
	if spare == "" {
		return nil, ""
	}
	w, err := segment.Reuse(j.fs, logPath(spare), h)
	if err != nil {
		_ = j.remove(logPath(spare)) // a new file does as well
		return nil, ""
	}
	return w, spare
}

// dropSpares gives the room of the spare files back, and reports whether there was one.
func (j *Journal) dropSpares() (dropped bool) {
	for name := j.takeSpare(); name != ""; name = j.takeSpare() {
		dropped = j.remove(logPath(name)) == nil || dropped
	}
	return dropped
}

// idleLooks is how often the compactor finds the spare files unused before they are given up.
const idleLooks = 2

// dropIdleSpares drops the spare files if nobody has needed one for a while, or if there is no room for them.
func (j *Journal) dropIdleSpares() {
	j.spares.mu.Lock()
	j.spares.idle++
	idle := j.spares.idle > idleLooks
	j.spares.mu.Unlock()
	if idle || j.noRoom() {
		j.dropSpares()
	}
}

func (j *Journal) spareBytes() (n int64) {
	j.spares.mu.Lock()
	defer j.spares.mu.Unlock()
	for _, f := range j.spares.files {
		n += f.size
	}
	return n
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
