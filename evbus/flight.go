package evbus

import (
	"slices"
	"time"

	"github.com/evhub/evhub/providers"
)

// entry is one record on its way to one destination.
type entry struct {
	record  *Record
	attempt int
	// failed is when a send of it failed for the first time; zero before.
	failed time.Time
}

// flight is one batch, from the choice of its records until its outcome. Its memory is used again for later ones.
type flight struct {
	entries  []entry
	messages []providers.Message
	bodies   []byte // what messages' bodies point into
	ends     []int  // where each body in bodies ends
	attrs    []providers.Attr
	sent     providers.Flight
}

// fill prepares the messages of f.entries.
func (f *flight) fill(s *settings) {
	f.messages, f.bodies, f.ends = f.messages[:0], f.bodies[:0], f.ends[:0]
	// Never more than this, so that the attributes of earlier messages do not move.
	f.attrs = slices.Grow(f.attrs[:0], len(f.entries)*mostAttributes)
	for i := range f.entries {
		e := &f.entries[i]
		e.attempt++
		r := e.record
		first := len(f.attrs)
		f.attrs = r.appendAttributes(f.attrs, s.Options.Source)
		m := providers.Message{
			Seq: r.Seq, ID: r.ID, Profile: r.Profile, RunName: r.RunName, Key: r.Key, Time: r.Time,
			ContentType: s.format.contentType(r), Attempt: e.attempt, Attrs: f.attrs[first:len(f.attrs):len(f.attrs)],
		}
		if s.format.whole != nil {
			m.Body = s.format.whole(r)
		} else {
			f.bodies = s.format.Append(f.bodies, r)
		}
		f.messages = append(f.messages, m)
		f.ends = append(f.ends, len(f.bodies))
	}
	if s.format.whole == nil {
		f.cutBodies()
	}
}

// cutBodies points each message to its part of f.bodies, which no longer moves.
func (f *flight) cutBodies() {
	start := 0
	for i, end := range f.ends {
		f.messages[i].Body = f.bodies[start:end:end]
		start = end
	}
}

// keptBodies is the most memory for bodies, in bytes, that a flight keeps for the next one.
const keptBodies = 4 << 20

// reset lets go of the records.
func (f *flight) reset() {
	clear(f.entries)
	clear(f.messages)
	clear(f.attrs)
	f.entries, f.messages, f.sent = f.entries[:0], f.messages[:0], nil
	if cap(f.bodies) > keptBodies {
		f.bodies = nil
	}
}
