package journal

import (
	"errors"
	"io/fs"
	"path"
	"strconv"

	"github.com/evhub/evhub/internal/journal/disk"
)

// Status is what a journal holds, for people.
type Status struct {
	ID      string
	LastSeq uint64
	// Holder is the process that has the journal open for writing; nil: none, or it cannot be known.
	Holder       *disk.LockedError
	Destinations []Queue // by rising number
	// Segments of the log, and the bytes that the log, the dead letters and the quarantine take.
	Segments                             int
	LogBytes, DeadBytes, QuarantineBytes int64
	Quarantined                          []string // files in the journal's directory
	FreeBytes                            int64    // on the disk; -1 if it cannot be known
}

// Queue is what waits for one destination.
type Queue struct {
	Destination
	Waiting     Totals
	DeadLetters Totals
}

// Status looks at the journal and its directory. Of a journal in use that was opened read-only, the destinations are as
// they were then.
func (j *Journal) Status() (Status, error) {
	s := Status{ID: j.ID(), LastSeq: j.LastSeq(), FreeBytes: -1}
	for _, d := range j.Destinations() {
		letters, err := j.DeadLetters(d.Number)
		if err != nil {
			return Status{}, err
		}
		s.Destinations = append(s.Destinations, Queue{Destination: d, Waiting: d.waiting(), DeadLetters: letters.Totals()})
	}
	if free, err := j.fs.Free(); err == nil {
		s.FreeBytes = free
	}
	var err error
	if s.Holder, err = j.holder(); err != nil {
		return Status{}, err
	}
	log, err := j.filesIn(logDir)
	if err != nil {
		return Status{}, err
	}
	for _, f := range log {
		s.LogBytes += f.Size
		if _, _, ok := parseSegmentName(f.Name); ok {
			s.Segments++
		}
	}
	numbers, err := j.deadNumbers()
	if err != nil {
		return Status{}, err
	}
	for _, number := range numbers {
		files, err := j.filesIn(letterDir(number))
		if err != nil {
			return Status{}, err
		}
		s.DeadBytes += sizeOf(files)
	}
	aside, err := j.filesIn(quarantineDir)
	for _, f := range aside {
		s.Quarantined = append(s.Quarantined, path.Join(quarantineDir, f.Name))
	}
	s.QuarantineBytes = sizeOf(aside)
	return s, err
}

// holder returns who has the journal open for writing, if that is not this one.
func (j *Journal) holder() (*disk.LockedError, error) {
	asks, ok := j.fs.(interface {
		Holder(name string) (*disk.LockedError, error)
	})
	if !ok || !j.readOnly {
		return nil, nil
	}
	return asks.Holder(lockFile)
}

// filesIn lists a directory, none if it is not there.
func (j *Journal) filesIn(dir string) ([]disk.Info, error) {
	infos, err := j.fs.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return infos, err
}

func sizeOf(files []disk.Info) (sum int64) {
	for _, f := range files {
		sum += f.Size
	}
	return sum
}

func letterDir(number uint32) string {
	return path.Join(deadDir, strconv.FormatUint(uint64(number), 10))
}

// deadNumbers returns the numbers that have a directory for dead letters.
func (j *Journal) deadNumbers() (numbers []uint32, err error) {
	infos, err := j.filesIn(deadDir)
	for _, f := range infos {
		if n, err := strconv.ParseUint(f.Name, 10, 32); err == nil && f.Dir {
			numbers = append(numbers, uint32(n))
		}
	}
	return numbers, err
}
