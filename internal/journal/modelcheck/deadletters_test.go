package modelcheck

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/evhub/evhub/internal/journal"
)

// letters is the model of one destination's dead letters.
type letters struct {
	kept     map[uint64][]byte
	doubtful map[uint64]bool // of the kept ones: a Remove failed, the next Open may not find them
	attempts [][][]byte      // groups whose Append failed: the next Open may find them, or the beginning of them
	next     uint64          // keys from here on are new
	set      *journal.DeadLetters
}

// TestDeadLetters plays histories of the dead letters.
func TestDeadLetters(t *testing.T) {
	game{
		name: "dead letters", short: 1000, full: 20_000,
		start: func(w *world) { w.letters = &letters{kept: map[uint64][]byte{}, doubtful: map[uint64]bool{}, next: 1} },
		end:   (*world).finishLetters,
		kinds: func() []kind {
			return []kind{
				{"bury", 30, (*world).bury},
				{"unearth", 20, (*world).unearth},
				{"list", 10, (*world).list},
				{"faults", 6, (*world).breakSome},
				{"full", 3, (*world).fill},
				{"die soon", 5, (*world).dieSoon},
				{"kill", 2, func(w *world) { w.restart(true) }},
				{"power cut", 3, func(w *world) { w.restart(false) }},
				{"close", 2, (*world).closeAndOpen},
			}
		},
		seen: func(f *figures) map[string]int {
			return map[string]int{"a letter that was found though that had failed": f.unsure, "no room": f.noRoom, "a kill": f.kills}
		},
	}.run(t)
}

// openLetters opens them after a restart and finds out what became of what had failed.
func (w *world) openLetters() {
	l := w.letters
	l.set = nil
	if len(w.activeLines()) == 0 { // the names could not be given numbers
		return
	}
	set, err := w.j.DeadLetters(w.activeLines()[0].number)
	if !w.allowed("open dead letters", err) {
		return
	}
	l.set = set
	if r := set.Recovery(); !r.Clean() {
		fail("dead letters: damage where there was none: %+v", r)
	}
	there := w.listed()
	if there == nil { // a read failed; the next Open is asked
		l.set = nil
		return
	}
	for key := range l.doubtful {
		if _, ok := there[key]; !ok {
			delete(l.kept, key)
		}
	}
	clear(l.doubtful)
	for _, group := range l.attempts {
		w.resolveLetters(group, there)
	}
	l.attempts = nil
	w.compareLetters(there)
}

// resolveLetters finds out what is left of a group that failed.
func (w *world) resolveLetters(group [][]byte, there map[uint64][]byte) {
	previous := uint64(0)
	for i, data := range group {
		found := uint64(0)
		for key, got := range there {
			if bytes.Equal(got, data) {
				found = key
			}
		}
		switch {
		case found == 0:
			previous = 0
			continue
		case i > 0 && previous+1 != found:
			fail("letter %d of a group that failed is there, one before it is not", found)
		case w.letters.kept[found] != nil:
			fail("letter %d has the key of another", found)
		}
		previous = found
		w.figures.unsure++
		w.letters.kept[found] = data
		w.letters.next = max(w.letters.next, found+1)
	}
}

// listed reads all letters.
func (w *world) listed() map[uint64][]byte {
	there, last := map[uint64][]byte{}, uint64(0)
	for letter, err := range w.letters.set.All() {
		if !w.allowed("list", err) {
			return nil
		}
		if letter.Key <= last {
			fail("letter %d comes behind %d", letter.Key, last)
		}
		last = letter.Key
		there[letter.Key] = letter.Data
	}
	return there
}

func (w *world) compareLetters(there map[uint64][]byte) {
	l := w.letters
	if there == nil {
		return
	}
	var totals journal.Totals
	for _, key := range slices.Sorted(maps.Keys(l.kept)) {
		got, ok := there[key]
		if !ok {
			fail("letter %d is lost", key)
		}
		if !bytes.Equal(got, l.kept[key]) {
			fail("letter %d is damaged", key)
		}
		totals = totals.Plus(journal.Totals{Events: 1, Bytes: uint64(len(got))})
	}
	for key := range there {
		if _, ok := l.kept[key]; !ok {
			fail("letter %d is invented", key)
		}
	}
	if got := l.set.Totals(); got != totals {
		fail("the totals of letters are %+v, want %+v", got, totals)
	}
}

func (w *world) bury() {
	l := w.letters
	if l.set == nil {
		return
	}
	var group [][]byte
	for i := range 1 + w.rand.IntN(4) {
		group = append(group, payload(l.next+uint64(i), int(w.rand.Uint32()), 1+w.rand.IntN(2000)))
	}
	w.figures.puts += len(group)
	first, err := l.set.Append(group)
	if !w.allowed("bury", err) {
		l.attempts = append(l.attempts, group)
		return
	}
	w.log("  letters %d to %d", first, first+uint64(len(group))-1)
	if first < l.next {
		fail("letter %d has a key that was used", first)
	}
	for i, data := range group {
		l.kept[first+uint64(i)] = data
	}
	l.next = first + uint64(len(group))
	w.figures.acknowledged += len(group)
}

func (w *world) unearth() {
	l := w.letters
	if l.set == nil || len(l.kept) == 0 {
		return
	}
	all := slices.Sorted(maps.Keys(l.kept))
	keys := pick(w.rand, all, 1+w.rand.IntN(min(len(all), 6)))
	w.log("  without %d", keys)
	n, err := l.set.Remove(append(keys, 1<<40)...)
	if !w.allowed("unearth", err) {
		for _, key := range keys {
			l.doubtful[key] = true
		}
		return
	}
	if n != len(keys) {
		fail("%d letters of %d were removed", n, len(keys))
	}
	for _, key := range keys {
		delete(l.kept, key)
		delete(l.doubtful, key)
	}
}

func (w *world) list() {
	if w.letters.set != nil {
		w.compareLetters(w.listed())
	}
}

// finishLetters takes all faults away: the letters can be removed, and take no room then.
func (w *world) finishLetters() {
	w.heal()
	w.restart(true)
	w.bury()
	w.list()
	keys := slices.Collect(maps.Keys(w.letters.kept))
	if n, err := w.letters.set.Remove(keys...); n != len(keys) || err != nil {
		fail("remove all: %d of %d: %v", n, len(keys), err)
	}
	clear(w.letters.kept)
	w.list()
	w.restart(false)
	w.list()
}
