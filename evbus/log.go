package evbus

import "time"

// Log keeps accepted records until their destinations are done with them. The memory log and the journal meet it.
//
// Append is called by one goroutine at a time, and so is Read for one destination number. Ack and Unread may be called
// at any time; of several Acks the highest counts, in whatever order they come.
type Log interface {
	// Append stores records whose Seqs rise, for the destinations that each names. When it returns nil they are
	// as durable as the log makes them, and Read finds them. After an error none of them counts as stored, and the
	// same group may be appended again.
	Append(group []*Record) error
	// Read appends to dst the records for destination number that it has not read yet, oldest first: at most limit
	// of them, and no more once they have maxBytes. lost are those that were stored before them and cannot be had
	// any more.
	Read(dst []*Record, number uint32, limit int, maxBytes int64) (records []*Record, lost Lost, err error)
	// Ack says that destination number needs nothing up to and including seq any more.
	Ack(number uint32, seq uint64)
	// Unread says what destination number has not yet read.
	Unread(number uint32) Unread
	// Standing says what the log held for destination number when it was opened.
	Standing(number uint32) Standing
}

// Unread is the part of a backlog that no send has taken yet.
type Unread struct {
	Events int
	Bytes  int64
	// Oldest is when the oldest of them was accepted; zero if there is none.
	Oldest time.Time
}

// Lost are records that a log has stored and cannot give back.
type Lost struct {
	Events int
	Bytes  int64
}

// Plus is the sum.
func (l Lost) Plus(m Lost) Lost { return Lost{l.Events + m.Events, l.Bytes + m.Bytes} }

// Standing is where a destination begins.
type Standing struct {
	// Done: everything up to it is settled. Newest is the Seq of the newest record for the destination.
	Done, Newest uint64
	// Events and Bytes are what waits.
	Events int
	Bytes  int64
}
