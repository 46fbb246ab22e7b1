package kafka

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/evhub/evhub/providers"
)

// recordFormat says what a record carries beside the body.
type recordFormat struct {
	key     *string // of every record; nil: the event's own, or null
	headers bool
}

const (
	attrPrefix        = "ce_"
	headerContentType = "content-type"
	headerID          = "message_uuid"
	// attrContentType goes into the content-type header, as CloudEvents' Kafka binding says.
	attrContentType = "datacontenttype"
)

// keyOf returns the record's key, and whether it has one.
func (f recordFormat) keyOf(m *providers.Message) (string, bool) {
	if f.key != nil {
		return *f.key, true
	}
	return m.Key, m.Key != ""
}

// size returns the length of a record without its length field. delta is its place in the batch.
func (f recordFormat) size(m *providers.Message, delta int) int {
	// One byte of attributes, one for the timestamp, which is the batch's.
	n := 2 + varintSize(delta)
	if key, ok := f.keyOf(m); ok {
		n += varintSize(len(key)) + len(key)
	} else {
		n++
	}
	n += varintSize(len(m.Body)) + len(m.Body)
	if !f.headers {
		return n + 1
	}
	count := 0
	for i := range m.Attrs {
		if a := &m.Attrs[i]; a.Name != attrContentType {
			n += headerSize(len(attrPrefix)+len(a.Name), len(a.Value))
			count++
		}
	}
	if m.ContentType != "" {
		n += headerSize(len(headerContentType), len(m.ContentType))
		count++
	}
	if m.ID != "" {
		n += headerSize(len(headerID), len(m.ID))
		count++
	}
	return n + varintSize(count)
}

// append adds the record of m, whose size is given, to b.
func (f recordFormat) append(b []byte, m *providers.Message, delta, size int) []byte {
	b = slices.Grow(b, binary.MaxVarintLen32+size)
	b = appendVarint(b, size)
	b = append(b, 0, 0)
	b = appendVarint(b, delta)
	if key, ok := f.keyOf(m); ok {
		b = appendVarint(b, len(key))
		b = append(b, key...)
	} else {
		b = append(b, nullLength)
	}
	// An empty body has length 0: null would delete the key in a compacted topic.
	b = appendVarint(b, len(m.Body))
	b = append(b, m.Body...)
	if !f.headers {
		return append(b, 0)
	}
	return appendHeaders(b, m)
}

func appendHeaders(b []byte, m *providers.Message) []byte {
	count := 0
	for i := range m.Attrs {
		if m.Attrs[i].Name != attrContentType {
			count++
		}
	}
	if m.ContentType != "" {
		count++
	}
	if m.ID != "" {
		count++
	}
	b = appendVarint(b, count)
	for i := range m.Attrs {
		if a := &m.Attrs[i]; a.Name != attrContentType {
			b = appendVarint(b, len(attrPrefix)+len(a.Name))
			b = append(b, attrPrefix...)
			b = append(b, a.Name...)
			b = appendVarint(b, len(a.Value))
			b = append(b, a.Value...)
		}
	}
	if m.ContentType != "" {
		b = appendHeader(b, headerContentType, m.ContentType)
	}
	if m.ID != "" {
		b = appendHeader(b, headerID, m.ID)
	}
	return b
}

func appendHeader(b []byte, key, value string) []byte {
	b = appendVarint(b, len(key))
	b = append(b, key...)
	b = appendVarint(b, len(value))
	return append(b, value...)
}

func headerSize(key, value int) int { return varintSize(key) + key + varintSize(value) + value }

// nullLength is -1 as a varint.
const nullLength = 1

// appendVarint adds n, which is not negative, in zigzag encoding.
func appendVarint(b []byte, n int) []byte {
	return binary.AppendUvarint(b, uint64(n)<<1)
}

func varintSize(n int) int {
	return (bits.Len64(uint64(n)<<1|1) + 6) / 7
}
