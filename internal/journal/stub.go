package journal

import "errors"

var errTodo = errors.ErrUnsupported

// Open opens the journal in dir.
func Open(dir string, o Options) (*Journal, error) { _, _ = dir, o.withDefaults(); return nil, errTodo }

// ID identifies the journal.
func (j *Journal) ID() string { return "" }

// LastSeq is the highest Seq that was ever used.
func (j *Journal) LastSeq() uint64 { return 0 }

// Recovery is what Open found.
func (j *Journal) Recovery() Recovery { return Recovery{} }

// Append makes a group durable.
func (j *Journal) Append(group []Record) error { return errTodo }

// Assign gives each identity its number.
func (j *Journal) Assign(active []string) ([]uint32, error) { return nil, errTodo }

// Destinations returns all numbers that are not dropped.
func (j *Journal) Destinations() []Destination { return nil }

// Ack moves a cursor.
func (j *Journal) Ack(number uint32, c Cursor) {}

// SyncCursors makes all cursors durable.
func (j *Journal) SyncCursors() error { return errTodo }

// Cursor returns a cursor.
func (j *Journal) Cursor(number uint32) Cursor { return Cursor{} }

// Compact unlinks and rewrites what it can.
func (j *Journal) Compact() error { return errTodo }

// Stats is a snapshot.
func (j *Journal) Stats() Stats { return Stats{} }

// Close closes the journal.
func (j *Journal) Close() error { return errTodo }

// Reader reads one destination's records.
type Reader struct{}

// Reader returns a reader.
func (j *Journal) Reader(number uint32) *Reader { return &Reader{} }

// Seek moves the reader.
func (r *Reader) Seek(at Cursor) {}

// Read reads.
func (r *Reader) Read(dst []Entry, limit int, maxBytes int64) (entries []Entry, lost Totals, err error) {
	return dst, Totals{}, errTodo
}

// Close ends the reader.
func (r *Reader) Close() {}
