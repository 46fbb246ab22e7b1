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
	// failed is when a send of it was tried and failed for the first time; zero before.
	failed time.Time
	// refusal is set where it was refused for good and there was no room for its dead letter.
	refusal error
	// held: its dead letter is being written.
	held bool
}

// flight is one batch, from the choice of its records until its outcome. Its memory is used again for later ones.
type flight struct {
	entries  []entry
	bytes    int64 // of the entries, in the backlog
	messages []providers.Message
	bodies   []byte // what messages' bodies point into
	ends     []int  // where each body in bodies ends
	attrs    []providers.Attr
	sources  sources
	// refusal is why the format has no body for the only entry, which is not sent then.
	refusal error
	sent    providers.Flight
}

// fill prepares the messages of f.entries. It takes away, and returns, those that are more than one send may carry.
func (f *flight) fill(s *settings) (rest []entry) {
	rest = f.format(s)
	f.messages, f.bytes = f.messages[:0], 0
	// Never more than this, so that the attributes of earlier messages do not move.
	f.attrs = slices.Grow(f.attrs[:0], len(f.entries)*mostAttributes)
	start := 0
	for i := range f.entries {
		e := &f.entries[i]
		e.attempt++
		r := e.record
		f.bytes += r.Size()
		first := len(f.attrs)
		if !s.Connection.Caps.NoAttrs && !s.format.structured {
			f.attrs = r.appendAttributes(f.attrs, f.sources.of(r, s.Options.Source))
		}
		m := providers.Message{
			Seq: r.Seq, ID: r.ID, Profile: r.Profile, RunName: r.RunName, Key: r.Key, Time: r.Time,
			ContentType: s.format.contentType(r), Attempt: e.attempt, Attrs: f.attrs[first:len(f.attrs):len(f.attrs)],
		}
		if s.format.whole != nil {
			m.Body = s.format.whole(r)
		} else {
			m.Body = f.bodies[start:f.ends[i]:f.ends[i]]
			start = f.ends[i]
		}
		f.messages = append(f.messages, m)
	}
	return rest
}

// format writes the bodies of as many entries as one send may carry, and takes away the others.
func (f *flight) format(s *settings) (rest []entry) {
	f.bodies, f.ends = f.bodies[:0], f.ends[:0]
	most, size := s.Connection.Caps.BatchBytes, 0
	for i := range f.entries {
		r := f.entries[i].record
		if s.format.whole != nil {
			size += len(s.format.whole(r))
		} else {
			bodies, err := s.format.Append(f.bodies, r, f.sources.of(r, s.Options.Source))
			f.ends = append(f.ends, len(bodies))
			switch {
			case err != nil && i > 0:
				return f.cut(i)
			case err != nil:
				f.refusal = err
				return f.cut(1)
			}
			f.bodies, size = bodies, len(bodies)
		}
		if most > 0 && size > most && i > 0 { // one that is alone may be larger
			return f.cut(i)
		}
	}
	return nil
}

// cut takes away, and returns, all entries but the first n.
func (f *flight) cut(n int) (rest []entry) {
	rest = slices.Clone(f.entries[n:])
	clear(f.entries[n:])
	f.entries = f.entries[:n]
	return rest
}

// keptBodies is the most memory for bodies, in bytes, that a flight keeps for the next one.
const keptBodies = 4 << 20

// reset lets go of the records.
func (f *flight) reset() {
	clear(f.entries)
	clear(f.messages)
	clear(f.attrs)
	f.entries, f.messages, f.sent, f.refusal = f.entries[:0], f.messages[:0], nil, nil
	if cap(f.bodies) > keptBodies {
		f.bodies = nil
	}
}
