package hub

import (
	"fmt"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/providers"
)

// limits bound what goes to the journal at once, so that it has room as soon as all that it holds is delivered. Of a
// journal with a limit one event takes at most a quarter and one offer an eighth, or one event; a group, to which offers
// come until it has an eighth, three eighths. The newest segment, which stays whatever is delivered, takes no more than
// that either.
type limits struct {
	bytes int64 // of the records of one offer, and of those that gather before others have to wait
	event int   // tags and body, in bytes; 0: any
}

const (
	// mostGathered bounds the bytes of events that wait to be written. They wait encoded, which takes as much again.
	mostGathered = 32 << 20
	// leastMaxBytes leaves room for some events, and for what a segment says of the destinations.
	leastMaxBytes = 256 << 10
)

// limits returns what is to be kept to with these options.
func (o JournalOptions) limits() (limits, error) {
	switch {
	case o.MaxBytes == 0:
		return limits{bytes: mostGathered}, nil
	case o.MaxBytes < leastMaxBytes:
		return limits{}, fmt.Errorf("evhub: a journal of at most %v is too small: allow at least %v, or 0 for as much as the disk has",
			providers.Size(o.MaxBytes), providers.Size(leastMaxBytes))
	}
	return limits{bytes: min(mostGathered, o.MaxBytes/8), event: int(o.MaxBytes / 4)}, nil
}

// first returns how many of records, from the first on, may go into one offer. The error is about the first, for which
// there would never be room.
func (l limits) first(records []*evbus.Record) (int, error) {
	var bytes int64
	for i, r := range records {
		size := len(r.Tags) + len(r.Data)
		large := l.event > 0 && size > l.event
		if large && i == 0 {
			return 0, fmt.Errorf("%w: tags and body have %d bytes, the limit of the journal allows %d", ErrTooLarge, size, l.event)
		}
		if bytes += r.Size(); large || bytes > l.bytes && i > 0 {
			return i, nil
		}
	}
	return len(records), nil
}
