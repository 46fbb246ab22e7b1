package journal

import "time"

// Record is what Append stores: bytes, for some destinations.
type Record struct {
	Seq          uint64
	Destinations []uint32 // the numbers that Assign has given
	Data         []byte   // fields of a protobuf message, without field 1, which is the destinations
}

// Entry is a record as one destination reads it.
type Entry struct {
	Seq  uint64
	Data []byte // belongs to the caller; those of one Read may share memory
}

// Totals count records and the bytes of their Data.
type Totals struct{ Events, Bytes uint64 }

// Plus is the sum.
func (t Totals) Plus(u Totals) Totals { return Totals{t.Events + u.Events, t.Bytes + u.Bytes} }

// Minus is the difference, and zero where u is more.
func (t Totals) Minus(u Totals) Totals {
	return Totals{t.Events - min(t.Events, u.Events), t.Bytes - min(t.Bytes, u.Bytes)}
}

// Cursor says how far a destination has come.
type Cursor struct {
	// Seq is the last that is settled, and everything before it.
	Seq uint64
	// Totals of all records for the destination up to Seq, since its number exists.
	Totals
}

// Destination is what the journal knows of one number.
type Destination struct {
	Number uint32
	Name   string // the identity; "" if the journal has lost it
	Active bool   // configured, by the last Assign
	Done   Cursor
	// Accepted is the Totals of all records for it since its number exists.
	Accepted Totals
	// Newest is the Seq of its newest record, 0 if it has had none.
	Newest uint64
	// Oldest is when the oldest segment was begun that holds what it still needs; zero if there is none.
	Oldest time.Time
}
