package evbus

import (
	"fmt"
	"time"

	"github.com/evhub/evhub/internal/idemjson"
)

const (
	// pieceEvents is how many events of a batch share memory: few, because one that waits for a slow destination
	// keeps the memory of all.
	pieceEvents = 16
	// pieceBytes bounds what tags and bodies share.
	pieceBytes = 32 << 10
)

// SealBatch seals events that are put together: they share the time, and a few at a time their memory. It is not for
// concurrent use.
type SealBatch struct {
	sealer *Sealer
	left   int // events to come
	now    time.Time
	// What is left of the current piece.
	records []Record
	ids     string
	nowText string
	buf     []byte
}

// Batch returns a SealBatch for n events.
func (s *Sealer) Batch(n int) SealBatch { return SealBatch{sealer: s, left: n, now: time.Now()} }

// Part makes the events to come share no memory with the ones before.
func (b *SealBatch) Part() { b.records, b.ids, b.buf = nil, "", nil }

// Seal is Sealer.Seal for the next event. One that cannot be sealed does not count.
func (b *SealBatch) Seal(e Event) (*Record, error) {
	if len(b.records) == 0 {
		b.records = make([]Record, min(max(b.left, 1), pieceEvents))
	}
	r := &b.records[0]
	r.ID, r.Profile, r.RunName, r.Key, r.TraceParent, r.Time = e.ID, e.Profile, e.RunName, e.Key, e.TraceParent, e.Time
	r.accepted = b.now
	if r.Profile == "" {
		r.Profile = DefaultProfile
	}
	if r.RunName == "" {
		r.RunName = b.sealer.RunName
	}
	if err := checkNames(r); err != nil {
		return nil, err
	}
	if err := b.stamp(r); err != nil {
		return nil, err
	}
	if err := b.encode(r, e); err != nil {
		return nil, err
	}
	r.size = b.sealer.Overhead + int64(r.StoredSize())
	b.records = b.records[1:]
	b.left--
	return r, nil
}

// stamp gives r what does not come from the event.
func (b *SealBatch) stamp(r *Record) error {
	if r.ID == "" {
		r.ID = b.id()
	}
	if r.Time.IsZero() {
		r.Time = b.now.UTC()
		if b.nowText == "" {
			b.nowText = string(appendTime(nil, r.Time))
		}
		r.timeText = b.nowText
		return nil
	}
	if year := r.Time.UTC().Year(); year < 0 || year > 9999 {
		return fmt.Errorf("%w: time: year %d has no spelling in RFC 3339", ErrEncode, year)
	}
	r.timeText = string(appendTime(nil, r.Time))
	return nil
}

// id returns a new ID. Those of a piece, and the text of the batch's time, are made in one string.
func (b *SealBatch) id() string {
	const size = 36
	if len(b.ids) == 0 {
		var space [pieceEvents*size + len(time.RFC3339Nano)]byte
		text := space[:0]
		for range len(b.records) {
			text = b.sealer.ids.append(text, b.now)
		}
		end := len(text)
		if b.nowText == "" {
			text = appendTime(text, b.now)
		}
		joined := string(text)
		b.ids = joined[:end]
		if b.nowText == "" {
			b.nowText = joined[end:]
		}
	}
	id := b.ids[:size]
	b.ids = b.ids[size:]
	return id
}

func appendTime(dst []byte, t time.Time) []byte { return t.UTC().AppendFormat(dst, time.RFC3339Nano) }

func (b *SealBatch) encode(r *Record, e Event) error {
	room := b.room(sizeHint(e.Tags) + sizeHint(e.Body))
	buf, err := room, error(nil)
	if e.Tags == nil {
		buf = append(buf, "{}"...)
	} else if buf, err = idemjson.AppendObject(buf, e.Tags); err != nil {
		return encodeError("tags", err)
	}
	tags := len(buf)
	opaque, isOpaque := e.Body.([]byte)
	if isOpaque {
		buf = append(buf, opaque...)
	} else if buf, err = idemjson.Append(buf, e.Body); err != nil {
		return encodeError("body", err)
	}
	if most := b.sealer.MaxEvent; len(buf) > most {
		return fmt.Errorf("%w: tags and body have %d bytes, the limit is %d", ErrTooLarge, len(buf), most)
	}
	r.Opaque = isOpaque
	r.Tags, r.Data = buf[:tags:tags], buf[tags:len(buf):len(buf)]
	if cap(buf) == cap(room) { // it was large enough
		b.buf = buf[len(buf):]
	}
	return nil
}

// room returns empty space for about n bytes.
func (b *SealBatch) room(n int) []byte {
	if n > cap(b.buf) {
		b.buf = make([]byte, 0, max(n, min(n*len(b.records), pieceBytes)))
	}
	return b.buf
}
