package hub

import (
	"fmt"
	"iter"

	"github.com/evhub/evhub/internal/journal"
	"github.com/evhub/evhub/profiles"
)

// JournalEvent is one event of a journal.
type JournalEvent struct {
	Seq uint64
	// Destinations are the names of those that it was accepted for, but for dropped ones; Waiting those that have not
	// settled it.
	Destinations, Waiting []string
	Event                 Event
}

// JournalFilter chooses events of a journal. What is left zero chooses all.
type JournalFilter struct {
	// Destination and Profile are globs. With Waiting only events that one of the chosen destinations has not
	// settled.
	Destination, Profile string
	Waiting              bool
	// After is the Seq behind which to begin.
	After uint64
}

// Events yields the events that f chooses, oldest first, up to what is there now.
func (j *Journal) Events(f JournalFilter) iter.Seq2[JournalEvent, error] {
	return func(yield func(JournalEvent, error) bool) {
		choice, err := j.choose(f)
		if err != nil {
			yield(JournalEvent{}, err)
			return
		}
		for stored, err := range j.journal.Entries(f.After + 1) {
			if err != nil {
				yield(JournalEvent{}, fmt.Errorf("evhub: %w", err))
				return
			}
			e, ok, err := choice.event(j, stored)
			if (ok || err != nil) && !yield(e, err) {
				return
			}
		}
	}
}

// choice is a JournalFilter that is ready for use.
type choice struct {
	destination, profile profiles.Matcher
	waiting              bool
	names                map[uint32]journal.Destination
}

func (j *Journal) choose(f JournalFilter) (c choice, err error) {
	if c.destination, err = globOrAll(f.Destination); err != nil {
		return c, err
	}
	if c.profile, err = globOrAll(f.Profile); err != nil {
		return c, err
	}
	c.waiting, c.names = f.Waiting, map[uint32]journal.Destination{}
	for _, d := range j.journal.Destinations() {
		d.Name = d.Label()
		c.names[d.Number] = d
	}
	return c, nil
}

// event returns what is stored as an event, and whether it is chosen.
func (c choice) event(j *Journal, stored journal.Record) (e JournalEvent, chosen bool, err error) {
	e.Seq = stored.Seq
	for _, number := range stored.Destinations {
		d, known := c.names[number]
		if !known {
			continue
		}
		waits := d.Done.Seq < stored.Seq
		e.Destinations = append(e.Destinations, d.Name)
		if waits {
			e.Waiting = append(e.Waiting, d.Name)
		}
		chosen = chosen || c.destination.Match(d.Name) && (waits || !c.waiting)
	}
	if !chosen && (c.waiting || len(e.Destinations) > 0) {
		return e, false, nil
	}
	r, err := j.parser.Parse(stored.Seq, stored.Data)
	if err != nil {
		return e, false, fmt.Errorf("evhub: event %d: %w", stored.Seq, err)
	}
	e.Event = Event(r.Event())
	return e, c.profile.Match(r.Profile), nil
}
