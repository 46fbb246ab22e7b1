package kafka

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"time"

	"github.com/evhub/evhub/bench/harness"
)

// Raw is the least that a client can do: a hand-made encoder of Produce requests on a TCP connection. It writes no
// keys and no headers, knows one broker, and fails at the first error.
func Raw(name string) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(ctx context.Context, t harness.Task) (harness.Publisher, error) {
		return newPipeline(ctx, t, &rawWire{topic: t.Target})
	}}
}

type rawWire struct {
	topic    string
	request  []byte
	response []byte
}

const (
	produceKey     = 0
	produceVersion = 7
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (w *rawWire) write(conn net.Conn, serial int32, partition int, bodies [][]byte) error {
	b := append(w.request[:0], 0, 0, 0, 0) // length
	b = binary.BigEndian.AppendUint16(b, produceKey)
	b = binary.BigEndian.AppendUint16(b, produceVersion)
	b = binary.BigEndian.AppendUint32(b, uint32(serial))
	b = appendString(b, clientID)
	b = append(b, 0xff, 0xff) // no transaction
	b = append(b, 0xff, 0xff) // acks: all
	b = binary.BigEndian.AppendUint32(b, uint32(ackTimeout.Milliseconds()))
	b = binary.BigEndian.AppendUint32(b, 1) // topics
	b = appendString(b, w.topic)
	b = binary.BigEndian.AppendUint32(b, 1) // partitions
	b = binary.BigEndian.AppendUint32(b, uint32(partition))
	b = append(b, 0, 0, 0, 0) // length of the batch
	start := len(b)
	b = appendBatch(b, bodies)
	binary.BigEndian.PutUint32(b[start-4:], uint32(len(b)-start))
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	w.request = b
	_, err := conn.Write(b)
	return err
}

// appendBatch appends a record batch, version 2, without a producer id.
func appendBatch(b []byte, bodies [][]byte) []byte {
	const (
		lengthAt = 8
		crcAt    = 17
		crcFrom  = 21
	)
	start, now := len(b), uint64(time.Now().UnixMilli())
	b = append(b, make([]byte, 12)...) // base offset, length
	b = append(b, 0xff, 0xff, 0xff, 0xff)
	b = append(b, 2)          // magic
	b = append(b, 0, 0, 0, 0) // checksum
	b = append(b, 0, 0)       // attributes
	b = binary.BigEndian.AppendUint32(b, uint32(len(bodies)-1))
	b = binary.BigEndian.AppendUint64(b, now)
	b = binary.BigEndian.AppendUint64(b, now)
	for range 14 {
		b = append(b, 0xff) // producer id, epoch, sequence: none
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(bodies)))
	for i, body := range bodies {
		b = appendRecord(b, i, body)
	}
	batch := b[start:]
	binary.BigEndian.PutUint32(batch[lengthAt:], uint32(len(batch)-lengthAt-4))
	binary.BigEndian.PutUint32(batch[crcAt:], crc32.Checksum(batch[crcFrom:], castagnoli))
	return b
}

func appendRecord(b []byte, delta int, body []byte) []byte {
	var varint [binary.MaxVarintLen64]byte
	deltaSize := binary.PutVarint(varint[:], int64(delta))
	bodySize := binary.PutVarint(varint[:], int64(len(body)))
	b = binary.AppendVarint(b, int64(2+deltaSize+1+bodySize+len(body)+1))
	b = append(b, 0, 0) // attributes, time
	b = binary.AppendVarint(b, int64(delta))
	b = append(b, 1) // no key
	b = binary.AppendVarint(b, int64(len(body)))
	b = append(b, body...)
	return append(b, 0) // headers
}

func (w *rawWire) read(r *bufio.Reader) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	w.response = append(w.response[:0], make([]byte, binary.BigEndian.Uint32(head[:]))...)
	if _, err := io.ReadFull(r, w.response); err != nil {
		return err
	}
	// Serial, number of topics, name, number of partitions, partition, and then what counts.
	codeAt := 4 + 4 + 2 + len(w.topic) + 4 + 4
	if len(w.response) < codeAt+2 {
		return fmt.Errorf("an answer of %d bytes", len(w.response))
	}
	if code := int16(binary.BigEndian.Uint16(w.response[codeAt:])); code != 0 {
		return fmt.Errorf("the broker answers with error %d", code)
	}
	return nil
}

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}
