package evbus

import (
	"errors"
	"fmt"
	"strings"
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

// StoredParser parses stored records. A few of them share their memory, as those do that were put together. It is not
// for concurrent use, and not copied once it was used.
type StoredParser struct {
	// Overhead is what a record counts in a backlog beside what is stored, in bytes.
	Overhead int64

	records []Record        // to be used
	pieces  int             // how many were made at once last
	texts   strings.Builder // the newest records' texts are parts of it
	fields  fields
	all     span // of the record's texts, and what lies between them
	clock   clock
}

// fields are the parts of what is parsed that hold a text; empty if the record has no such field.
type fields [fieldAccepted]span

type span struct{ from, to int }

func (s span) empty() bool { return s.from == s.to }

// Parse is the reverse of AppendStored. The record keeps b.
func (p *StoredParser) Parse(seq uint64, b []byte) (*Record, error) {
	r := p.record()
	return r, p.parse(r, seq, b)
}

// ParseInto is Parse for a record of a page, to which b belongs too: who uses the page again uses b again.
func (p *StoredParser) ParseInto(page *Page, seq uint64, b []byte) (*Record, error) {
	r := page.next()
	return r, p.parse(r, seq, b)
}

// record returns a record to fill. One that is left over when nobody parses any more is not worth much: the first are
// made one by one.
func (p *StoredParser) record() *Record {
	if len(p.records) == 0 {
		p.pieces = min(max(2*p.pieces, 1), pieceEvents)
		p.records = make([]Record, p.pieces)
	}
	r := &p.records[0]
	p.records = p.records[1:]
	return r
}

func (p *StoredParser) parse(r *Record, seq uint64, b []byte) error {
	r.Seq, r.size = seq, p.Overhead+int64(len(b))
	p.fields, p.all = fields{}, span{from: len(b)}
	for at := 0; at < len(b); {
		number, kind, n := consumeTag(b[at:])
		if n < 0 {
			return storedError(protowire.ParseError(n))
		}
		at += n
		if n = p.field(r, number, kind, b, at); n < 0 {
			return storedError(protowire.ParseError(n))
		}
		at += n
	}
	if err := p.check(r, b); err != nil {
		return storedError(err)
	}
	p.setTexts(r, b)
	return nil
}

// consumeTag is protowire.ConsumeTag, and fast for the tags of one byte, which are all of ours.
func consumeTag(b []byte) (protowire.Number, protowire.Type, int) {
	if tag := b[0]; tag >= 1<<3 && tag < 0x80 {
		return protowire.Number(tag >> 3), protowire.Type(tag & 7), 1
	}
	return protowire.ConsumeTag(b)
}

// consumeBytes is protowire.ConsumeBytes, and fast for short values.
func consumeBytes(b []byte) (value []byte, n int) {
	if len(b) > 0 && b[0] < 0x80 && int(b[0]) < len(b) {
		n = 1 + int(b[0])
		return b[1:n], n
	}
	return protowire.ConsumeBytes(b)
}

// field sets one field of r to the value at b[at:], and returns the value's length. Unknown ones are passed over.
func (p *StoredParser) field(r *Record, number protowire.Number, kind protowire.Type, b []byte, at int) (n int) {
	var value []byte
	var scalar uint64
	switch kind {
	case protowire.BytesType:
		value, n = consumeBytes(b[at:])
	case protowire.VarintType:
		scalar, n = protowire.ConsumeVarint(b[at:])
	case protowire.Fixed64Type:
		scalar, n = protowire.ConsumeFixed64(b[at:])
	default:
		return protowire.ConsumeFieldValue(number, kind, b[at:])
	}
	if n < 0 {
		return n
	}
	switch number {
	case fieldID, fieldTime, fieldProfile, fieldRunName, fieldKey, fieldTraceParent:
		s := span{at + n - len(value), at + n}
		p.fields[number] = s
		p.all = span{min(p.all.from, s.from), max(p.all.to, s.to)}
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

// check refuses a record in which something is missing, and sets the time of one in which nothing is.
func (p *StoredParser) check(r *Record, b []byte) (err error) {
	when := p.fields[fieldTime]
	if r.Time, err = p.clock.parse(b[when.from:when.to]); err != nil {
		return err
	}
	if p.fields[fieldID].empty() || p.fields[fieldProfile].empty() || len(r.Tags) == 0 || r.Data == nil {
		return errors.New("id, profile, tags or data are missing")
	}
	return nil
}

// setTexts copies all texts, which lie close to each other, and gives each field its part of the copy.
func (p *StoredParser) setTexts(r *Record, b []byte) {
	copied := p.text(b[p.all.from:p.all.to])
	text := func(number protowire.Number) string {
		s := p.fields[number]
		if s.empty() {
			return ""
		}
		return copied[s.from-p.all.from : s.to-p.all.from]
	}
	r.ID, r.timeText, r.Profile = text(fieldID), text(fieldTime), text(fieldProfile)
	r.RunName, r.Key, r.TraceParent = text(fieldRunName), text(fieldKey), text(fieldTraceParent)
}

// pieceTexts is how many bytes the texts of neighbours share at most, unless one alone has more.
const pieceTexts = 4 << 10

// text returns b as a string, which shares its memory with those of neighbours: texts only ever grows at its end, and
// is let go when it is full.
func (p *StoredParser) text(b []byte) string {
	if size := p.texts.Cap(); size-p.texts.Len() < len(b) {
		p.texts.Reset()
		p.texts.Grow(max(len(b), min(2*size, pieceTexts)))
	}
	from := p.texts.Len()
	p.texts.Write(b)
	return p.texts.String()[from:]
}

func storedError(err error) error { return fmt.Errorf("a stored event cannot be read: %w", err) }
