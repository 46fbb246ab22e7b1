package providertest

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/evhub/evhub/providers"
)

// FakeStats counts what happened at a [Fake].
type FakeStats struct {
	// Dials and Closes count the calls of Dial, failed ones included, and the first Close of each session.
	Dials, Closes int
	// Sends counts the flights that were sent, Messages the messages in them.
	Sends, Messages int
	// Stored counts the messages that were stored, Duplicates those of them whose ID had been stored before. A
	// discarding Fake knows no duplicates.
	Stored, Duplicates int
}

// record is what a Fake remembers. Fake.mu guards it.
type record struct {
	stats    FakeStats
	stored   []providers.Message
	seen     map[string]bool
	misused  []string
	progress chan struct{} // closed and replaced at each change of stats.Stored; nil: nobody waits
}

func newRecord() record { return record{seen: map[string]bool{}} }

// store keeps a copy of m. f.mu is held.
func (f *Fake) store(m *providers.Message) {
	f.stats.Stored++
	if f.progress != nil {
		close(f.progress)
		f.progress = nil
	}
	if f.discard {
		return
	}
	if f.seen[m.ID] {
		f.stats.Duplicates++
	}
	f.seen[m.ID] = true
	c := *m
	c.Attrs, c.Body = slices.Clone(m.Attrs), bytes.Clone(m.Body)
	f.stored = append(f.stored, c)
}

// misuse notes a breach of the contract by the user of the Fake. f.mu is held.
func (f *Fake) misuse(format string, args ...any) {
	f.misused = append(f.misused, fmt.Sprintf(format, args...))
}

// Misuse returns what the user of the Fake did against the contract: concurrent or misordered calls, more than the
// Caps allow, a Seq that does not rise, a Dial before the last Close has returned.
func (f *Fake) Misuse() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.misused)
}

// Stored returns the messages that the broker has stored, in the order of storing, each copy with its Attempt. They
// are the Fake's own copies: do not write to them.
func (f *Fake) Stored() []providers.Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.stored)
}

// IDs returns the IDs of Stored.
func (f *Fake) IDs() []string {
	ids := []string{}
	for _, m := range f.Stored() {
		ids = append(ids, m.ID)
	}
	return ids
}

func (f *Fake) bodies() [][]byte {
	var all [][]byte
	for _, m := range f.Stored() {
		all = append(all, m.Body)
	}
	return all
}

// Stats returns the counters.
func (f *Fake) Stats() FakeStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

// Connections returns how many sessions are open: neither closed nor cut.
func (f *Fake) Connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, s := range f.sessions {
		if s.conn.Err() == nil {
			n++
		}
	}
	return n
}

// Await waits until at least n messages are stored, duplicates included, and returns ctx's error if it ends first.
func (f *Fake) Await(ctx context.Context, n int) error {
	for {
		f.mu.Lock()
		stored := f.stats.Stored
		if f.progress == nil {
			f.progress = make(chan struct{})
		}
		changed := f.progress
		f.mu.Unlock()
		if stored >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("the fake broker has stored %d of %d messages: %w", stored, n, ctx.Err())
		}
	}
}
