package hub

import "github.com/evhub/evhub/internal/journal/disk"

// WithJournalOn is WithJournal on a file system of the test.
func WithJournalOn(fs disk.FS, o JournalOptions) Option {
	return func(c *config) {
		WithJournal("on the test's file system", o)(c)
		c.journalFS = fs
	}
}

// JournalSize is at least what r takes in a journal if so many destinations get it.
var JournalSize = journalSize

// InPlace returns how many groups were written from where they had been encoded.
func InPlace(h *Hub) uint64 { return h.journal.Stats().InPlace }
