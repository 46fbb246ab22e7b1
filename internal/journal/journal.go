package journal

import (
	"encoding/hex"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evhub/evhub/internal/journal/disk"
	"github.com/evhub/evhub/internal/journal/segment"
)

// Journal is an open journal. Its methods may be called concurrently. Append, Ack, Read and Compact do not wait for each
// other's disk.
type Journal struct {
	fs       disk.FS
	ownFS    io.Closer // fs, if Open has opened it
	log      *slog.Logger
	o        Options
	readOnly bool
	id       [16]byte
	lock     io.Closer
	recovery Recovery
	foreign  []foreign // what Open found that is not of the log
	listed   []string  // the segments that were there when the log was read
	// missedUpTo is the highest Seq that Open found missing and no table tells of; 0: none.
	missedUpTo     uint64
	inactiveMisses map[uint32]uint64 // how many records of ending, by the numbers that were not configured; written at Open alone
	ending         gap               // at the end of the log, when Open read it; zero: none
	cursors        cursors

	// writing is held by who writes to the log: Append, Assign and the like. Locked before mu.
	writing sync.Mutex
	writer  *segment.Writer // of active; nil: the next record needs a new segment
	active  *logSegment
	encoder encoder
	drafts  drafts
	tip     atomic.Pointer[tip] // nil: not known
	// groupSize is about how large groups are at present, in bytes.
	groupSize int64

	// compacting is held by who takes segments out of the log. Locked before writing.
	compacting sync.Mutex
	doomed     []*logSegment // in the log no more, to be removed in this order
	doomedSize atomic.Int64  // of doomed, in bytes
	merged     []string      // names that are in the log no more, to be removed when the directory is synced
	unsynced   bool          // it is not
	ballast    ballast
	spares     spares

	dead deadSets

	// mu guards what follows, and is never held while the disk works.
	mu       sync.Mutex
	state    state  // changed by who holds writing, too
	seq      uint64 // the highest Seq that was ever used
	segments []*logSegment
	stats    Stats
	seen     map[string]bool // damage that was counted
	known    uint64          // at Open: the highest Seq that some cursor, or the saved end of the log, says was on disk
	proven   uint64          // at Open: no Seq above it is missing at the end of the log
	opened   bool            // Open is done
	closed   bool

	background background
}

// ID identifies the journal, in 32 hexadecimal digits.
func (j *Journal) ID() string { return hex.EncodeToString(j.id[:]) }

// LastSeq is the highest Seq that was ever used: by a record, a table or a cursor. The next record has a higher one.
func (j *Journal) LastSeq() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seq
}

// Recovery is what Open has found.
func (j *Journal) Recovery() Recovery { return j.recovery }

// Cursor returns how far a destination has come, zero for a number that is not known.
func (j *Journal) Cursor(number uint32) Cursor { return j.cursors.get(number) }

// Ack says that a destination needs nothing up to and including c.Seq any more. It survives the end of the process when
// Ack returns, and a power cut within Options.SaveEvery. A Seq that is not higher than before is ignored.
func (j *Journal) Ack(number uint32, c Cursor) {
	if j.readOnly {
		return
	}
	if j.cursors.move(number, c) {
		j.background.save()
	}
}

// SyncCursors makes all cursors durable.
func (j *Journal) SyncCursors() error {
	if j.readOnly {
		return ErrReadOnly
	}
	var broken error
	err := withRoom(j.giveWay, func() error {
		first, err := j.cursors.sync()
		if broken == nil {
			broken = first
		}
		return err
	})
	if broken != nil {
		j.mu.Lock()
		j.stats.CursorErrors++
		j.mu.Unlock()
		j.log.Warn("journal: the file of cursors failed and is replaced", "error", broken, "replaced", err == nil)
	}
	return err
}

// Destinations returns all numbers that are not dropped, by rising number.
func (j *Journal) Destinations() []Destination {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []Destination
	for _, d := range j.state.dests {
		if d == nil {
			continue
		}
		done := j.cursors.get(d.number)
		all = append(all, Destination{
			Number: d.number, Name: d.name, Active: d.active, Done: done,
			Accepted: d.accepted, Newest: d.newest, Oldest: j.oldest(d, done),
		})
	}
	return all
}

// oldest is when the segment was begun that holds the first record behind a cursor. The caller holds mu.
func (j *Journal) oldest(d *destination, done Cursor) time.Time {
	if d.newest <= done.Seq {
		return time.Time{}
	}
	for i, s := range j.segments {
		if j.needs(i, d, done.Seq) {
			return s.created
		}
	}
	return time.Time{}
}

// needs reports whether segment i may hold a record for d behind the Seq done. The caller holds mu.
func (j *Journal) needs(i int, d *destination, done uint64) bool {
	s := j.segments[i]
	if s.empty() || s.last <= done {
		return false
	}
	newest := j.after(i, d).newest // of what is in i and before it
	return newest > done && newest >= s.first
}

// after is what was accepted for d up to the end of segment i, or of a later one if the table behind i is lost. The
// caller holds mu.
func (j *Journal) after(i int, d *destination) mark {
	for _, s := range j.segments[i+1:] {
		if s.before != nil {
			return s.before.of(d.number)
		}
	}
	return mark{d.number, d.accepted, d.newest}
}

// Stats is a snapshot.
func (j *Journal) Stats() Stats {
	spare := j.spareBytes()
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.stats
	s.Segments = len(j.segments)
	s.DiskBytes = j.diskBytes() + spare
	return s
}

// diskBytes is what the log takes on disk. The caller holds mu.
func (j *Journal) diskBytes() (n int64) {
	for _, s := range j.segments {
		n += s.size
	}
	return n
}

// damaged counts and copies bad bytes of a segment, once.
func (j *Journal) damaged(s *logSegment, bad []segment.Range) {
	for _, r := range bad {
		if !j.firstSight(s, r) {
			continue
		}
		j.log.Warn("journal: damaged bytes were passed over", "segment", s.name, "offset", r.Offset, "bytes", r.Length)
		if !j.readOnly {
			j.quarantine(s, r)
		}
	}
}

func (j *Journal) firstSight(s *logSegment, r segment.Range) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	key := s.name + string(rune(0)) + time.Duration(r.Offset).String()
	if j.seen[key] {
		return false
	}
	if j.seen == nil {
		j.seen = map[string]bool{}
	}
	j.seen[key] = true
	j.stats.BadFrames++
	j.stats.BadBytes += uint64(r.Length)
	return true
}

func (j *Journal) quarantine(s *logSegment, r segment.Range) {
	file, err := s.acquire(j.fs)
	if err != nil {
		j.log.Warn("journal: damaged bytes were not copied", "segment", s.name, "error", err)
		return
	}
	defer s.release()
	name, err := quarantine(j.fs, s.name, file, r)
	if err != nil {
		j.log.Warn("journal: damaged bytes were not copied", "segment", s.name, "error", err)
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Contains(j.recovery.Quarantined, name) && !j.opened {
		j.recovery.Quarantined = append(j.recovery.Quarantined, name)
	}
}
