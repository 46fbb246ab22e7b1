package hub

import (
	"fmt"

	"github.com/evhub/evhub/evbus"
	"github.com/evhub/evhub/providers"
)

// limits bound what goes to the journal at once, so that it has room as soon as all that it holds is delivered. Of a
// journal with a limit one event takes at most a quarter and one offer an eighth, or one event; a group, to which offers
// come until it has an eighth, three eighths. The newest segment, which stays whatever is delivered, takes no more than
// that either. The zero value is for no journal.
type limits struct {
	bytes int64 // that one offer takes, and those that gather before others have to wait
	event int64 // that one event takes; 0: any
}

const (
	// mostGathered bounds the bytes of events that wait to be written. They wait encoded, which takes as much again.
	mostGathered = 32 << 20
	// leastMaxBytes leaves room for some events, leastPerDestination for what a segment says of each destination at its
	// beginning and at its end.
	leastMaxBytes, leastPerDestination = 256 << 10, 1 << 10
	// mostPerNumber is the most bytes that the number of a destination takes in a record.
	mostPerNumber = 5
)

// limits returns what is to be kept to with these options, if there are so many destinations.
func (o JournalOptions) limits(destinations int) (limits, error) {
	if o.MaxBytes == 0 {
		return limits{bytes: mostGathered}, nil
	}
	if least := max(leastMaxBytes, int64(destinations)*leastPerDestination); o.MaxBytes < least {
		return limits{}, fmt.Errorf("evhub: a journal of at most %v is too small for %d destinations: allow at least %v, or 0 for as much as the disk has",
			providers.Size(o.MaxBytes), destinations, providers.Size(least))
	}
	return limits{bytes: min(mostGathered, o.MaxBytes/8), event: o.MaxBytes / 4}, nil
}

// journalSize is at least what r takes in a journal if so many destinations get it.
func journalSize(r *evbus.Record, destinations int) int64 {
	return r.Size() + mostPerNumber*int64(destinations)
}

// offerSize adds up what one offer takes.
type offerSize struct {
	limits limits
	bytes  int64
}

// add reports whether r may be part of the offer if so many destinations get it. The error is of one for which there
// would never be room.
func (s *offerSize) add(r *evbus.Record, destinations int) (bool, error) {
	if s.limits.bytes == 0 || destinations == 0 {
		return true, nil
	}
	size := journalSize(r, destinations)
	switch {
	case s.limits.event > 0 && size > s.limits.event:
		return false, fmt.Errorf("%w: it would take %d bytes, and the limit of the journal allows %d", ErrTooLarge, size, s.limits.event)
	case s.bytes > 0 && s.bytes+size > s.limits.bytes:
		return false, nil
	}
	s.bytes += size
	return true, nil
}
