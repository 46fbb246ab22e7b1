package journal

import (
	"errors"
	"fmt"
	"sync"
)

// deadSets are the dead letters of all destinations that somebody has asked for.
type deadSets struct {
	mu     sync.Mutex
	open   map[uint32]*DeadLetters
	closed bool
}

// DeadLetters returns those of a destination. It is always the same value for the same number, and is closed with the
// journal. The first time, their headers are read; where there are none, that costs one look at a directory.
func (j *Journal) DeadLetters(number uint32) (*DeadLetters, error) {
	j.mu.Lock()
	closed, known, name := j.closed, j.state.find(number) != nil, naming(number, "")
	if known {
		name = naming(number, j.state.find(number).name)
	}
	j.mu.Unlock()
	switch {
	case closed:
		return nil, ErrClosed
	case !known:
		return nil, fmt.Errorf("journal: there is no destination number %d", number)
	}
	log := j.log.With("destination", name)
	env := deadEnv{fs: j.fs, id: j.id, log: log, readOnly: j.readOnly, giveWay: j.giveWay}
	return j.dead.get(env, number)
}

func (s *deadSets) get(env deadEnv, number uint32) (*DeadLetters, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if d := s.open[number]; d != nil {
		return d, nil
	}
	d, err := openDeadLetters(env, number)
	if err != nil {
		return nil, err
	}
	if s.open == nil {
		s.open = map[uint32]*DeadLetters{}
	}
	s.open[number] = d
	return d, nil
}

// opened returns those that somebody has asked for, or nil.
func (s *deadSets) opened(number uint32) *DeadLetters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[number]
}

// close closes all of them.
func (s *deadSets) close() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, d := range s.open {
		err = errors.Join(err, d.close())
	}
	return err
}

// unlinkAll gives up all letters, of a destination whose number will not be used again, and the keys with them.
func (d *DeadLetters) unlinkAll() error {
	d.writing.Lock()
	defer d.writing.Unlock()
	if err := d.writable(); err != nil {
		return err
	}
	if err := d.seal(); err != nil {
		d.env.log.Warn("a segment of dead letters could not be ended; it goes anyway", "dir", d.dir, "error", err)
	}
	for len(d.segments) > 0 {
		if err := d.unlink(0); err != nil {
			return err
		}
	}
	return nil
}
