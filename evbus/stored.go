package evbus

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of a stored record, a protobuf message. Field 1, its destinations, belongs to the log. What is small and what
// is text comes first, so that parsing makes one string of it.
const (
	fieldID          protowire.Number = 2
	fieldTime        protowire.Number = 3 // as CloudEvents spells it
	fieldProfile     protowire.Number = 4
	fieldRunName     protowire.Number = 5
	fieldKey         protowire.Number = 6
	fieldTags        protowire.Number = 7
	fieldData        protowire.Number = 8
	fieldOpaque      protowire.Number = 9
	fieldTraceParent protowire.Number = 10
	fieldAccepted    protowire.Number = 11 // nanoseconds since 1970, fixed64
)

// AppendStored appends what is stored of r, but for its Seq and its destinations.
func (r *Record) AppendStored(dst []byte) []byte {
	for _, f := range r.texts() {
		if f.value != "" {
			dst = protowire.AppendTag(dst, f.number, protowire.BytesType)
			dst = protowire.AppendString(dst, f.value)
		}
	}
	dst = protowire.AppendTag(dst, fieldAccepted, protowire.Fixed64Type)
	dst = protowire.AppendFixed64(dst, uint64(r.accepted.UnixNano()))
	if r.Opaque {
		dst = protowire.AppendTag(dst, fieldOpaque, protowire.VarintType)
		dst = protowire.AppendVarint(dst, 1)
	}
	dst = protowire.AppendTag(dst, fieldTags, protowire.BytesType)
	dst = protowire.AppendBytes(dst, r.Tags)
	dst = protowire.AppendTag(dst, fieldData, protowire.BytesType)
	return protowire.AppendBytes(dst, r.Data)
}

type textField struct {
	number protowire.Number
	value  string
}

func (r *Record) texts() [6]textField {
	return [...]textField{
		{fieldID, r.ID}, {fieldTime, r.timeText}, {fieldProfile, r.Profile}, {fieldRunName, r.RunName},
		{fieldKey, r.Key}, {fieldTraceParent, r.TraceParent},
	}
}

// StoredSize returns how many bytes AppendStored appends.
func (r *Record) StoredSize() int {
	size := 3 + 8 + protowire.SizeBytes(len(r.Tags)) + protowire.SizeBytes(len(r.Data)) // all tags are one byte
	for _, f := range r.texts() {
		if f.value != "" {
			size += 1 + protowire.SizeBytes(len(f.value))
		}
	}
	if r.Opaque {
		size += 2
	}
	return size
}

// StoredParser parses stored records. It remembers the texts that it saw last, since neighbours mostly share them. It is
// not for concurrent use.
type StoredParser struct {
	// Overhead is what a record counts in a backlog beside what is stored, in bytes.
	Overhead int64

	last [fieldAccepted]string // by field
}

// Parse is the reverse of AppendStored. The record keeps b.
func (p *StoredParser) Parse(seq uint64, b []byte) (*Record, error) {
	r := &Record{Seq: seq, size: p.Overhead + int64(len(b))}
	for rest := b; len(rest) > 0; {
		number, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return nil, storedError(protowire.ParseError(n))
		}
		rest = rest[n:]
		if n = p.field(r, number, kind, rest); n < 0 {
			return nil, storedError(protowire.ParseError(n))
		}
		rest = rest[n:]
	}
	return r, r.checkStored()
}

// field sets one field of r to the value at the beginning of b, and returns the value's length. Unknown ones are passed
// over.
func (p *StoredParser) field(r *Record, number protowire.Number, kind protowire.Type, b []byte) (n int) {
	var value []byte
	var scalar uint64
	switch kind {
	case protowire.BytesType:
		value, n = protowire.ConsumeBytes(b)
	case protowire.VarintType:
		scalar, n = protowire.ConsumeVarint(b)
	case protowire.Fixed64Type:
		scalar, n = protowire.ConsumeFixed64(b)
	default:
		return protowire.ConsumeFieldValue(number, kind, b)
	}
	if n < 0 {
		return n
	}
	switch number {
	case fieldID:
		r.ID = string(value)
	case fieldTime:
		r.timeText = p.text(number, value)
	case fieldProfile:
		r.Profile = p.text(number, value)
	case fieldRunName:
		r.RunName = p.text(number, value)
	case fieldKey:
		r.Key = p.text(number, value)
	case fieldTraceParent:
		r.TraceParent = p.text(number, value)
	case fieldTags:
		r.Tags = value[:len(value):len(value)]
	case fieldData:
		r.Data = value[:len(value):len(value)]
	case fieldOpaque:
		r.Opaque = scalar != 0
	case fieldAccepted:
		r.accepted = time.Unix(0, int64(scalar))
	}
	return n
}

func (p *StoredParser) text(number protowire.Number, value []byte) string {
	if last := &p.last[number]; *last != string(value) {
		*last = string(value)
	}
	return p.last[number]
}

// checkStored completes r.
func (r *Record) checkStored() error {
	at, err := time.Parse(time.RFC3339Nano, r.timeText)
	if err != nil {
		return storedError(err)
	}
	if r.ID == "" || r.Profile == "" || len(r.Tags) == 0 || r.Data == nil {
		return storedError(errors.New("id, profile, tags or data are missing"))
	}
	r.Time = at
	return nil
}

func storedError(err error) error { return fmt.Errorf("a stored event cannot be read: %w", err) }
