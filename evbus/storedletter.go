package evbus

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of a stored dead letter, a protobuf message.
const (
	fieldLetterEvent    protowire.Number = 1 // a stored record
	fieldLetterSeq      protowire.Number = 2
	fieldLetterReason   protowire.Number = 3
	fieldLetterAttempts protowire.Number = 4
	fieldLetterTime     protowire.Number = 5 // nanoseconds since 1970, fixed64
)

// AppendStored appends what is stored of l, but for its Key.
func (l *Letter) AppendStored(dst []byte) []byte {
	dst = protowire.AppendTag(dst, fieldLetterSeq, protowire.VarintType)
	dst = protowire.AppendVarint(dst, l.Record.Seq)
	dst = protowire.AppendTag(dst, fieldLetterReason, protowire.BytesType)
	dst = protowire.AppendString(dst, l.Reason)
	dst = protowire.AppendTag(dst, fieldLetterAttempts, protowire.VarintType)
	dst = protowire.AppendVarint(dst, uint64(l.Attempts))
	dst = protowire.AppendTag(dst, fieldLetterTime, protowire.Fixed64Type)
	dst = protowire.AppendFixed64(dst, uint64(l.Time.UnixNano()))
	dst = protowire.AppendTag(dst, fieldLetterEvent, protowire.BytesType)
	dst = protowire.AppendVarint(dst, uint64(l.Record.StoredSize()))
	return l.Record.AppendStored(dst)
}

// ParseLetter is the reverse of AppendStored. The letter keeps b.
func ParseLetter(key uint64, b []byte) (*Letter, error) {
	l := &Letter{Key: key}
	var seq uint64
	var event []byte
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, storedError(protowire.ParseError(n))
		}
		b = b[n:]
		value := b
		if n = protowire.ConsumeFieldValue(number, kind, b); n < 0 {
			return nil, storedError(protowire.ParseError(n))
		}
		b = b[n:]
		switch {
		case kind == protowire.BytesType && number == fieldLetterEvent:
			event, _ = protowire.ConsumeBytes(value)
		case kind == protowire.BytesType && number == fieldLetterReason:
			l.Reason, _ = protowire.ConsumeString(value)
		case kind == protowire.VarintType && number == fieldLetterSeq:
			seq, _ = protowire.ConsumeVarint(value)
		case kind == protowire.VarintType && number == fieldLetterAttempts:
			attempts, _ := protowire.ConsumeVarint(value)
			l.Attempts = int(attempts)
		case kind == protowire.Fixed64Type && number == fieldLetterTime:
			nanos, _ := protowire.ConsumeFixed64(value)
			l.Time = time.Unix(0, int64(nanos))
		}
	}
	parser := StoredParser{Overhead: JournalOverhead}
	var err error
	l.Record, err = parser.Parse(seq, event)
	return l, err
}
