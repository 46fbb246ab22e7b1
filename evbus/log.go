package evbus

import "time"

// Log keeps accepted records until their destinations are done with them. The memory log and the journal meet it.
//
// Append is called by one goroutine at a time, and so is Read for one destination number. Ack and Unread may be called
// at any time; of several Acks the highest counts, in whatever order they come.
type Log interface {
	// Append stores records whose Seqs rise, for the destinations that each names. When it returns nil they are
	// as durable as the log makes them, and Read finds them.
	Append(group []*Record) error
	// Read appends to dst the records for destination number that come after position after, oldest first: at
	// most limit of them, and no more once they have maxBytes. It is called with positions that only rise, so a
	// log need not give a record twice.
	Read(dst []*Record, number uint32, after uint64, limit int, maxBytes int64) ([]*Record, error)
	// Ack says that destination number needs nothing up to and including seq any more.
	Ack(number uint32, seq uint64)
	// Unread says what destination number has not yet read.
	Unread(number uint32) Unread
}

// Unread is the part of a backlog that no send has taken yet.
type Unread struct {
	Events int
	Bytes  int64
	// Oldest is when the oldest of them was accepted; zero if there is none.
	Oldest time.Time
}
