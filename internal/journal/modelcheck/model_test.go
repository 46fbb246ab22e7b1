// Package modelcheck plays random histories against a journal on a file system that crashes, and compares what the
// journal gives with a model that fits on a page.
package modelcheck

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/evhub/evhub/internal/journal"
)

// model is what a journal must hold.
type model struct {
	last     uint64 // the highest Seq that was accepted
	records  map[uint64]journal.Record
	lines    []*line
	attempts [][]journal.Record // groups that failed since: what is found of them is whole or a prefix
}

// line is the model of one destination.
type line struct {
	number uint32
	name   string
	seqs   []uint64 // what it was given, in order
	bytes  []uint64 // bytes[i] is the sum of seqs[:i+1]
	// acked are counts of seqs: what a restart may find as settled. The first is surely on disk, the last was the last.
	acked []int
	// written is the index in acked of the first that may be found after a kill.
	written int
	// dropped: it must not be there any more; maybe: the call has failed, and the next restart tells.
	dropped, maybeDropped bool
}

func (m *model) accept(group []journal.Record) {
	for _, r := range group {
		m.records[r.Seq] = r
		m.last = r.Seq
		for _, number := range r.Destinations {
			l := m.line(number)
			l.seqs = append(l.seqs, r.Seq)
			l.bytes = append(l.bytes, l.totals(len(l.bytes)).Bytes+uint64(len(r.Data)))
		}
	}
	m.attempts = nil
}

func (m *model) line(number uint32) *line {
	for _, l := range m.lines {
		if l.number == number {
			return l
		}
	}
	return nil
}

func (l *line) String() string { return fmt.Sprintf("%.8s(%d)", l.name, l.number) }

// quiet lines are given little, so that segments that only they need are rewritten and merged.
func (l *line) quiet() bool { return l.number%2 == 0 }

// totals are those of the first n records.
func (l *line) totals(n int) journal.Totals {
	if n == 0 {
		return journal.Totals{}
	}
	return journal.Totals{Events: uint64(n), Bytes: l.bytes[n-1]}
}

// cursor settles the first n records.
func (l *line) cursor(n int) journal.Cursor {
	if n == 0 {
		return journal.Cursor{}
	}
	return journal.Cursor{Seq: l.seqs[n-1], Totals: l.totals(n)}
}

// isAt reports whether a cursor settles the first n records. Its Seq may be higher than that of the last one by what is
// for others.
func (l *line) isAt(c journal.Cursor, n int) bool {
	if c.Totals != l.totals(n) || n < len(l.seqs) && c.Seq >= l.seqs[n] {
		return false
	}
	return n == 0 || c.Seq >= l.seqs[n-1]
}

// done is how many records were settled last.
func (l *line) done() int { return l.acked[len(l.acked)-1] }

// settle moves the cursor. sure: nothing failed, so that it is in the file.
func (l *line) settle(n int, sure bool) {
	l.acked = append(l.acked, n)
	if sure {
		l.written = len(l.acked) - 1
	}
}

// found makes n the only thing that a restart may find.
func (l *line) found(n int) { l.acked, l.written = []int{n}, 0 }

// possible reports whether a restart may find n records settled.
func (l *line) possible(n int, killed bool) bool {
	if killed {
		return slices.Contains(l.acked[l.written:], n)
	}
	return slices.Contains(l.acked, n)
}

// payload is the content that a record of this size must have; attempt tells those of one Seq apart.
func payload(seq uint64, attempt, size int) []byte {
	b := make([]byte, size)
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seq)
	binary.LittleEndian.PutUint64(key[8:], uint64(attempt))
	_, _ = rand.NewChaCha8(key).Read(b) // it never fails
	return b
}

// isAttempt reports whether a record is of a group that failed and was put again, as something else.
func isAttempt(e journal.Entry) bool {
	for attempt := range 50 {
		if bytes.Equal(e.Data, payload(e.Seq, attempt, len(e.Data))) {
			return true
		}
	}
	return false
}

// found is what is there of a record that no one was told is accepted.
type found struct {
	numbers []uint32
	data    []byte
}

// prefixOf checks that what was found is the beginning of group, whole for each destination.
func prefixOf(all map[uint64]*found, group []journal.Record) error {
	n := 0
	for i, r := range group {
		f, ok := all[r.Seq]
		if !ok {
			continue
		}
		if n++; n <= i {
			return fmt.Errorf("record %d of a group that failed is there, one before it is not", r.Seq)
		}
		slices.Sort(f.numbers)
		if !slices.Equal(f.numbers, r.Destinations) || !bytes.Equal(f.data, r.Data) {
			return fmt.Errorf("record %d of a group that failed is there for %d, not as it was put for %d", r.Seq, f.numbers, r.Destinations)
		}
	}
	if n < len(all) {
		return fmt.Errorf("%d records are there that were not accepted, %d of them from one group", len(all), n)
	}
	return nil
}
