package ledger

import "github.com/google/uuid"

// Entry is an event that is to be put.
type Entry struct {
	// Ident is the run's.
	Ident string
	// ID is the event's, a UUID.
	ID string
	// Status: it is a status of the run. Those that were put count no more once an event of the run is put: it belongs
	// to another run of the same ident, whose statuses are yet to come.
	Status bool
}

// known are the ids of one run that were put or are being put.
type known struct {
	events, statuses map[uuid.UUID]struct{}
}

func newKnown() *known {
	return &known{map[uuid.UUID]struct{}{}, map[uuid.UUID]struct{}{}}
}

func (k *known) has(id uuid.UUID) bool {
	_, event := k.events[id]
	_, status := k.statuses[id]
	return event || status
}

func (k *known) add(id uuid.UUID, status bool) {
	if status {
		k.statuses[id] = struct{}{}
		return
	}
	k.events[id] = struct{}{}
	clear(k.statuses)
}
