package hub

import (
	"iter"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
)

// journalLetters are the dead letters of one destination in a journal.
type journalLetters struct{ store *journal.DeadLetters }

// Add implements evbus.Letters.
func (s journalLetters) Add(letters []*evbus.Letter) error {
	texts := make([][]byte, len(letters))
	for i, l := range letters {
		texts[i] = l.AppendStored(nil)
	}
	first, err := s.store.Append(texts)
	if err != nil {
		return err
	}
	for i, l := range letters {
		l.Key = first + uint64(i)
	}
	return nil
}

// All implements evbus.Letters.
func (s journalLetters) All() iter.Seq2[*evbus.Letter, error] {
	return func(yield func(*evbus.Letter, error) bool) {
		for stored, err := range s.store.All() {
			var l *evbus.Letter
			if err == nil {
				l, err = evbus.ParseLetter(stored.Key, stored.Data)
			}
			if !yield(l, err) {
				return
			}
		}
	}
}

// Remove implements evbus.Letters.
func (s journalLetters) Remove(keys ...uint64) (int, error) { return s.store.Remove(keys...) }

// Total implements evbus.Letters.
func (s journalLetters) Total() (letters int, bytes int64) {
	t := s.store.Totals()
	return int(t.Events), int64(t.Bytes)
}
