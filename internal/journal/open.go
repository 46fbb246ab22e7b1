package journal

import (
	"errors"
	"fmt"

	"github.com/evhub/evhub/internal/journal/disk"
)

// Open opens the journal in dir, and makes one if there is none. It refuses a directory that others could change
// (*disk.DirError), one that another process has open (disk.ErrLocked), and files that are not of a journal of this
// version (*RefusedError). Damage is no reason to fail: it is passed over, counted, copied to quarantine and told, see
// Recovery.
func Open(dir string, o Options) (*Journal, error) {
	o = o.withDefaults()
	j := &Journal{o: o, fs: o.FS, log: o.Logger.With("journal", dir), readOnly: o.ReadOnly}
	if err := j.openDir(dir); err != nil {
		return nil, err
	}
	if err := j.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("journal in %s: %w", dir, err), j.closeFiles())
	}
	return j, nil
}

func (j *Journal) openDir(dir string) error {
	if j.fs != nil {
		return nil
	}
	open := disk.NewOS
	if j.readOnly {
		open = disk.ReadOnlyOS
	}
	if j.o.MustExist && !j.readOnly {
		look, err := disk.ReadOnlyOS(dir)
		if err != nil {
			return err
		}
		_ = look.Close()
	}
	fs, err := open(dir)
	if err != nil {
		return err
	}
	if err := checkDirs(fs); err != nil {
		return errors.Join(err, fs.Close())
	}
	j.fs, j.ownFS = fs, fs
	return nil
}

func (j *Journal) open() error {
	err := j.refuseForeign() // before anything is left in somebody's directory
	if err != nil {
		return err
	}
	if !j.readOnly {
		if j.lock, err = j.fs.Lock(lockFile); err != nil {
			return err
		}
	}
	if err := j.identify(); err != nil {
		return err
	}
	if err := j.settleNames(); err != nil {
		return err
	}
	if err := j.readLog(); err != nil {
		return err
	}
	j.finishRecovery()
	if j.readOnly {
		return nil
	}
	j.ballast.find(j)
	j.start()
	return nil
}

// readLog reads the log; where another process writes it, again if what was read went away meanwhile, or if what seems to
// be missing may be in a segment that came since.
func (j *Journal) readLog() error {
	found := j.recovery
	for try := 1; ; try++ {
		err := j.readLogOnce()
		moved := errors.Is(err, errMoved) || err == nil && j.recovery.lacksRecords() && j.hasMoved()
		if !j.readOnly || !moved || try == maxMoved {
			return err
		}
		j.recovery, j.state, j.segments, j.stats, j.seen, j.cursors = found, state{}, nil, Stats{}, nil, cursors{}
		j.foreign, j.ending, j.missedUpTo = nil, gap{}, 0
	}
}

func (j *Journal) readLogOnce() error {
	if err := j.prove(); err != nil {
		return err
	}
	segments, unreadable, err := j.survey()
	if err != nil {
		return err
	}
	return j.restore(segments, unreadable)
}

// settleNames makes the names durable that are there: the process before may have stopped before it did. What it renamed
// stands for segments that Open removes, and without this a power cut could take the new one and leave the old ones gone.
func (j *Journal) settleNames() error {
	if j.readOnly {
		return nil
	}
	if err := j.fs.MkdirAll(logDir); err != nil {
		return err
	}
	return errors.Join(j.fs.SyncDir("."), j.fs.SyncDir(logDir))
}

// finishRecovery takes what was counted while the segments were read.
func (j *Journal) finishRecovery() {
	j.mu.Lock()
	j.recovery.BadFrames, j.recovery.BadBytes = int(j.stats.BadFrames), int64(j.stats.BadBytes)
	j.opened = true
	j.mu.Unlock()
	j.tell()
}

// Close makes the cursors durable, ends the newest segment, stops what runs in the background and gives the lock back.
func (j *Journal) Close() error {
	j.background.stop()
	j.compacting.Lock()
	defer j.compacting.Unlock()
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	closed := j.closed
	j.closed = true
	j.mu.Unlock()
	if closed {
		return nil
	}
	var err error
	if !j.readOnly {
		_, err = j.cursors.sync()
		j.seal()
		j.dropSpares()
	}
	return errors.Join(err, j.dead.close(), j.closeFiles())
}

func (j *Journal) closeFiles() error {
	err := j.cursors.close()
	if j.lock != nil {
		err = errors.Join(err, j.lock.Close())
	}
	if j.ownFS != nil {
		err = errors.Join(err, j.ownFS.Close())
	}
	return err
}

// usable reports why the log cannot be written, if it cannot.
func (j *Journal) usable() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.closed:
		return ErrClosed
	case j.readOnly:
		return ErrReadOnly
	}
	return nil
}
