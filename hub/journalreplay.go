package hub

import (
	"context"
	"fmt"
	"iter"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/internal/journal"
)

// DeadLetters yields the dead letters that f chooses, oldest first at each destination.
func (j *Journal) DeadLetters(f DeadFilter) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		chosen, err := f.compile()
		if err != nil {
			yield(DeadLetter{}, err)
			return
		}
		for _, d := range j.journal.Destinations() {
			letters, err := j.letters(d)
			if err != nil {
				yield(DeadLetter{}, err)
				return
			}
			for l, err := range letters.All() {
				var dead DeadLetter
				if err == nil {
					dead = evbus.NewDeadLetter(d.Label(), l)
				}
				if (err != nil || chosen(dead)) && !yield(dead, err) {
					return
				}
			}
		}
	}
}

// DamagedLetters is damage in the files that have the dead letters of a destination.
type DamagedLetters struct {
	Destination string
	// Letters were found to be lost. Behind a damaged place or file there may have been more.
	Letters int
	// Places and Files hold nothing that can be read.
	Places, Files int
}

// DamagedLetters says what of the dead letters of the destinations that match a glob could not be read so far: what
// DeadLetters has passed over. "" is all.
func (j *Journal) DamagedLetters(destination string) (all []DamagedLetters, err error) {
	match, err := globOrAll(destination)
	if err != nil {
		return nil, err
	}
	for _, d := range j.journal.Destinations() {
		if !match.Match(d.Label()) {
			continue
		}
		letters, err := j.letters(d)
		if err != nil {
			return nil, err
		}
		if r := letters.store.Recovery(); !r.Clean() {
			all = append(all, DamagedLetters{
				Destination: d.Label(), Letters: int(r.LostRecords), Places: r.BadFrames, Files: r.LostHeaders + r.ForeignSegments,
			})
		}
	}
	return all, nil
}

// Discard removes the dead letters that f chooses for good and returns how many.
func (j *Journal) Discard(f DeadFilter) (int, error) {
	return j.takeLetters(f, func(journal.Destination, []DeadLetter) error { return nil })
}

// Replay puts the dead letters that f chooses again, each for its own destination alone, in their old order, behind
// what waits, with the same ids. They are delivered when a hub opens the journal. A letter goes when its copy is on
// disk.
func (j *Journal) Replay(ctx context.Context, f DeadFilter) (int, error) {
	log := newJournalLog(j.journal, nil)
	seq := j.journal.LastSeq()
	return j.takeLetters(f, func(d journal.Destination, letters []DeadLetter) error {
		if err := ctx.Err(); err != nil {
			return evbus.Ended(ctx)
		}
		var group []*evbus.Record
		for _, l := range letters {
			r := l.Record().For(d.Number)
			seq++
			r.Seq = seq
			group = append(group, r)
		}
		return log.Append(group)
	})
}

// takeLetters gives the dead letters that f chooses to do, batch by batch, and removes those for which it returns nil.
// It returns how many those are.
func (j *Journal) takeLetters(f DeadFilter, do func(journal.Destination, []DeadLetter) error) (n int, err error) {
	if err := j.writable(); err != nil {
		return 0, err
	}
	batches, err := batched(j.DeadLetters(f))
	if err != nil {
		return 0, err
	}
	byName := map[string]journal.Destination{}
	for _, d := range j.journal.Destinations() {
		byName[d.Name] = d
	}
	for _, batch := range batches {
		d := byName[batch[0].Destination]
		if err := do(d, batch); err != nil {
			return n, fmt.Errorf("evhub: dead letters of %s: %w", d.Name, err)
		}
		letters, err := j.letters(d)
		if err != nil {
			return n, err
		}
		removed, err := letters.Remove(keysOf(batch)...)
		if n += removed; err != nil {
			return n, fmt.Errorf("evhub: dead letters of %s: %w", d.Name, err)
		}
	}
	return n, nil
}

func keysOf(letters []DeadLetter) []uint64 {
	keys := make([]uint64, len(letters))
	for i, l := range letters {
		keys[i] = l.Key()
	}
	return keys
}
