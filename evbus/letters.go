package evbus

import (
	"container/list"
	"iter"
	"sync"
	"time"
)

// Letters keeps the dead letters of one destination, oldest first. The letters in memory and those of a journal meet
// it. It is safe for concurrent use.
type Letters interface {
	// Add keeps letters, and gives each its Key: all of them, as durably as the store can, or none.
	Add(letters []*Letter) error
	// All yields what is kept, oldest first.
	All() iter.Seq2[*Letter, error]
	// Remove lets go of the letters with these keys for good, in one step, and returns how many were still there.
	Remove(keys ...uint64) (int, error)
	// Total returns how many there are, and their bytes.
	Total() (letters int, bytes int64)
}

// Letter is a dead letter as it is kept.
type Letter struct {
	// Key tells the letters of one destination apart. It is given when the letter is kept.
	Key      uint64
	Record   *Record
	Reason   string
	Attempts int
	Time     time.Time
}

// Size is what the letter counts against delivery.dead_letters, in bytes.
func (l *Letter) Size() int64 { return l.Record.Size() + int64(len(l.Reason)) }

// memoryLetters are gone with the process.
type memoryLetters struct {
	mu      sync.Mutex // guards the fields below
	newest  uint64
	bytes   int64
	letters list.List // of *Letter
	places  map[uint64]*list.Element
}

// NewMemoryLetters returns an empty store for the life of the process.
func NewMemoryLetters() Letters { return &memoryLetters{places: map[uint64]*list.Element{}} }

func (s *memoryLetters) Add(letters []*Letter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range letters {
		s.newest++
		l.Key = s.newest
		s.places[l.Key] = s.letters.PushBack(l)
		s.bytes += l.Size()
	}
	return nil
}

func (s *memoryLetters) All() iter.Seq2[*Letter, error] {
	return func(yield func(*Letter, error) bool) {
		for _, l := range s.all() {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func (s *memoryLetters) all() []*Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Letter, 0, s.letters.Len())
	for e := s.letters.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*Letter))
	}
	return all
}

func (s *memoryLetters) Remove(keys ...uint64) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		place, ok := s.places[key]
		if !ok {
			continue
		}
		delete(s.places, key)
		s.bytes -= s.letters.Remove(place).(*Letter).Size()
		n++
	}
	return n, nil
}

func (s *memoryLetters) Total() (letters int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.letters.Len(), s.bytes
}
