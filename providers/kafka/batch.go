package kafka

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/segmentio/kafka-go/compress"
)

// A record batch, version 2, all numbers big-endian:
//
//	 0 base offset 8        21 attributes 2           43 producer id 8
//	 8 length 4 (from 12)   23 last offset delta 4    51 producer epoch 2
//	12 leader epoch 4       27 first timestamp 8      53 base sequence 4
//	16 magic 1              35 newest timestamp 8     57 number of records 4
//	17 CRC32C 4 (from 21)                             61 records, perhaps compressed
const (
	batchHeader  = 61
	lengthAt     = 8
	lengthFrom   = 12
	leaderAt     = 12
	magicAt      = 16
	crcAt        = 17
	crcFrom      = 21
	lastDeltaAt  = 23
	firstTimeAt  = 27
	newestTimeAt = 35
	idAt         = 43
	epochAt      = 51
	sequenceAt   = 53
	countAt      = 57
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// batch is a record batch on its way to one partition. Everything below numbered is guarded by the session's mu.
type batch struct {
	part   *partition
	flight *flight
	// index holds the place in the flight of each record's message.
	index []int32
	// buf is the encoded batch. It does not change once the batch is in a request, until all attempts are answered.
	buf []byte
	// time is that of all records, in Unix milliseconds: when they were encoded, since brokers forget a producer
	// by the age of its newest record.
	time int64

	// numbered: epoch and sequence are those under which the batch was first sent.
	numbered bool
	epoch    int16
	sequence int32
	// inAir: part of a request that has no answer.
	inAir bool
	// busy: a request that holds the batch is being written.
	busy bool
	// answer of the current round, if it is not inAir and not delivered.
	answer answer
	// maybe: an earlier answer leaves open whether the batch is in the log.
	maybe bool
	// corrupt: the broker has found it corrupt once.
	corrupt bool
}

// count returns the number of records.
func (b *batch) count() int32 { return int32(len(b.index)) }

// begin makes b empty.
func (b *batch) begin(now int64) {
	b.time = now
	b.buf = append(b.buf[:0], make([]byte, batchHeader)...)
}

// add encodes one more message.
func (b *batch) add(f recordFormat, message int32, size int) {
	b.buf = f.append(b.buf, &b.flight.ms[message], len(b.index), size)
	b.index = append(b.index, message)
}

// seal compresses the records and fills in the header, but for what stamp does. Should the codec fail, or not
// make them smaller, the records stay as they are.
func (b *batch) seal(codec compress.Codec, bufs *buffers) {
	attributes := uint16(0)
	if codec != nil {
		compressed, err := compressRecords(bufs.get(), b.buf, codec)
		if err == nil && len(compressed) < len(b.buf) {
			b.buf, compressed, attributes = compressed, b.buf, uint16(codec.Code())
		}
		bufs.put(compressed)
	}
	h := b.buf
	binary.BigEndian.PutUint64(h, 0)
	binary.BigEndian.PutUint32(h[lengthAt:], uint32(len(h)-lengthFrom))
	binary.BigEndian.PutUint32(h[leaderAt:], 0xffffffff)
	h[magicAt] = 2
	binary.BigEndian.PutUint16(h[crcFrom:], attributes)
	binary.BigEndian.PutUint32(h[lastDeltaAt:], uint32(len(b.index)-1))
	binary.BigEndian.PutUint64(h[firstTimeAt:], uint64(b.time))
	binary.BigEndian.PutUint64(h[newestTimeAt:], uint64(b.time))
	binary.BigEndian.PutUint32(h[countAt:], uint32(len(b.index)))
}

// stamp writes the producer's numbers and the checksum over them and the records.
func (b *batch) stamp(id int64) {
	h := b.buf
	binary.BigEndian.PutUint64(h[idAt:], uint64(id))
	binary.BigEndian.PutUint16(h[epochAt:], uint16(b.epoch))
	binary.BigEndian.PutUint32(h[sequenceAt:], uint32(b.sequence))
	binary.BigEndian.PutUint32(h[crcAt:], crc32.Checksum(h[crcFrom:], castagnoli))
}

func compressRecords(into, batch []byte, codec compress.Codec) ([]byte, error) {
	out := appender{append(into[:0], batch[:batchHeader]...)}
	w := codec.NewWriter(&out)
	_, err := w.Write(batch[batchHeader:])
	return out.bytes, errors.Join(err, w.Close())
}

// appender is a writer that appends.
type appender struct{ bytes []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.bytes = append(a.bytes, p...)
	return len(p), nil
}

// codecOf returns the codec with a name, nil for none, and whether the name is known.
func codecOf(name string) (compress.Codec, bool) {
	if name == "" || name == "none" {
		return nil, true
	}
	for _, codec := range compress.Codecs {
		if codec != nil && codec.Name() == name {
			return codec, true
		}
	}
	return nil, false
}
