package journal

import (
	"fmt"
	"slices"

	"github.com/evhub/evhub/internal/journal/segment"
)

// Batch are records that whoever brings them has encoded already, so that AppendBatches has little left to do. Their
// Seqs follow one another. It can be used again after Reset, and is not for concurrent use.
type Batch struct {
	// First is the Seq of the first record; it is set before the batch is appended.
	First uint64

	records int
	frames  []byte
	counts  []count // of the destinations that it has something for
	asked   int     // the one of counts that is probably asked for next
	err     error

	// A batch that was placed in a draft has its frames there, and gives each the number that it is expected to get;
	// else they are in memory of its own.
	draft *Draft // nil: it has no frames in one
	own   []byte // memory for frames, while they are in the draft
	next  uint64 // the number of the next record
	wants int    // bytes of frames that are about to come; 0: not known
}

// count is what a batch has for one destination.
type count struct {
	number uint32
	totals Totals
	newest int // the last record for it
}

// Data is something of which the fields of a protobuf message, without field 1, are stored.
type Data interface {
	AppendStored(dst []byte) []byte
}

// Add adds a record for some destinations, by the numbers that Assign has given.
func (b *Batch) Add(destinations []uint32, data Data) {
	start := b.begin(destinations)
	from := len(b.frames)
	b.frames = data.AppendStored(b.frames)
	b.end(start, from, destinations)
}

// addData is Add for data that are encoded.
func (b *Batch) addData(destinations []uint32, data []byte) {
	start := b.begin(destinations)
	from := len(b.frames)
	b.frames = append(b.frames, data...)
	b.end(start, from, destinations)
}

func (b *Batch) begin(destinations []uint32) (start int) {
	if b.wants > 0 {
		b.frames = slices.Grow(b.frames, b.wants)
		b.wants = 0
	}
	start = len(b.frames)
	b.frames = appendDestinations(segment.BeginFrame(b.frames), destinations)
	return start
}

// end ends the frame that begins at start, and whose data begin at from.
func (b *Batch) end(start, from int, destinations []uint32) {
	size := len(b.frames) - from
	if payload := len(b.frames) - start - segment.FrameHeaderSize; payload > segment.MaxPayload && b.err == nil {
		b.err = fmt.Errorf("journal: a record has %d bytes, more than a frame can hold", payload)
	}
	b.frames = segment.EndFrame(b.frames, start, segment.Event)
	if b.draft != nil {
		b.stamp(b.frames[start:])
	}
	for _, number := range destinations {
		c := b.count(number)
		c.totals.Events++
		c.totals.Bytes += uint64(size)
		c.newest = b.records
	}
	b.records++
}

func (b *Batch) count(number uint32) *count {
	for i := range b.counts {
		at := (b.asked + i) % len(b.counts)
		if c := &b.counts[at]; c.number == number {
			b.asked = at + 1
			return c
		}
	}
	b.counts = append(b.counts, count{number: number})
	b.asked = 0
	return &b.counts[len(b.counts)-1]
}

// Len is how many records there are.
func (b *Batch) Len() int { return b.records }

// last is the Seq of the last record.
func (b *Batch) last() uint64 { return b.First + uint64(b.records) - 1 }

// keptFrames is the most memory, in bytes, that a batch keeps for the next time.
const keptFrames = 8 << 20

// Reset makes the batch empty.
func (b *Batch) Reset() {
	if b.draft != nil {
		b.draft, b.frames, b.own = nil, b.own, nil
	}
	b.First, b.records, b.counts, b.asked, b.wants, b.err = 0, 0, b.counts[:0], 0, 0, nil
	if b.frames = b.frames[:0]; cap(b.frames) > keptFrames {
		b.frames = nil
	}
}

// place has the frames put into room, which is part of d.
func (b *Batch) place(d *Draft, room []byte) {
	b.draft, b.own, b.frames = d, b.frames, room
}

// stamp makes frame what is expected of the next one.
func (b *Batch) stamp(frame []byte) {
	var flags uint8
	if b.next == b.draft.first {
		flags = segment.First
	}
	b.draft.seed.Stamp(frame, flags, b.next)
	b.next++
}

// isAt reports whether all frames of b, of which there are some, are at the beginning of room.
func (b *Batch) isAt(room []byte) bool { return &b.frames[0] == &room[0] && len(b.frames) <= len(room) }

// check refuses a batch that must not come after the record last.
func (b *Batch) check(s *state, last uint64) error {
	switch {
	case b.err != nil:
		return b.err
	case b.First <= last:
		return fmt.Errorf("journal: record %d comes after record %d", b.First, last)
	}
	for _, c := range b.counts {
		if s.find(c.number) == nil {
			return unassigned(c.number)
		}
	}
	return nil
}

// encoder makes batches of records.
type encoder struct {
	batches []*Batch
	used    int
}

// encode returns a group as batches, each of records that follow one another.
func (e *encoder) encode(s *state, group []Record) ([]*Batch, error) {
	e.used = 0
	var b *Batch
	for i, r := range group {
		if i > 0 && r.Seq <= group[i-1].Seq {
			return nil, fmt.Errorf("journal: record %d comes after record %d", r.Seq, group[i-1].Seq)
		}
		for _, number := range r.Destinations {
			if s.find(number) == nil {
				return nil, unassigned(number)
			}
		}
		if i == 0 || r.Seq != group[i-1].Seq+1 {
			b = e.next()
			b.First = r.Seq
		}
		b.addData(r.Destinations, r.Data)
	}
	return e.batches[:e.used], nil
}

// reset lets go of the batches but for one.
func (e *encoder) reset() {
	if len(e.batches) > 0 {
		e.batches[0].Reset()
		clear(e.batches[1:])
		e.batches = e.batches[:1]
	}
}

func unassigned(number uint32) error {
	return fmt.Errorf("journal: a record is for number %d, which Assign has not given", number)
}

func (e *encoder) next() *Batch {
	if e.used == len(e.batches) {
		e.batches = append(e.batches, &Batch{})
	}
	b := e.batches[e.used]
	e.used++
	return b
}
