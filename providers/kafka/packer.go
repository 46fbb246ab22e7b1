package kafka

import (
	"fmt"
	"time"
)

// framing is more than a request adds to one batch, but for the names in it.
const framing = 128

// packer encodes messages into batches, several at a time, one for each partition. A batch belongs to one flight.
// Those that are done are in the order in which they have to be sent.
type packer struct {
	session *session
	now     int64
	last    *topic // of the last message
	open    []*partition
	done    []*batch
}

func (k *packer) begin(now time.Time) {
	k.now, k.last = now.UnixMilli(), nil
	clear(k.open)
	clear(k.done)
	k.open, k.done = k.open[:0], k.done[:0]
}

// add encodes one message for t. An error is about the message.
func (k *packer) add(t *topic, f *flight, message int32) error {
	s := k.session
	p := t.partitions[s.place(t, f, message)]
	k.last = t
	if p.open != nil && p.open.flight != f {
		k.close(p)
	}
	limit := int(s.producer.config.Connection.MaxRequestSize) - framing - len(t.name) - len(s.producer.config.Connection.ClientID)
	size := s.format.size(&f.ms[message], p.openCount())
	if total := batchHeader + varintSize(size) + size; total > limit {
		return fmt.Errorf("%d bytes as a record are more than max_request_size, which is %s",
			total, s.producer.config.Connection.MaxRequestSize)
	}
	if most := int(s.producer.config.Connection.MaxBatchSize); most > 0 {
		limit = min(limit, most)
	}
	if b := p.open; b != nil && len(b.buf)+varintSize(size)+size > limit {
		k.close(p)
		size = s.format.size(&f.ms[message], 0)
	}
	if p.open == nil {
		p.open = s.newBatch(p, f, k.now)
		k.open = append(k.open, p)
	}
	p.open.add(s.format, message, size)
	return nil
}

// close finishes p's open batch.
func (k *packer) close(p *partition) {
	p.open.seal(k.session.producer.codec, &k.session.producer.buffers)
	k.done = append(k.done, p.open)
	p.open = nil
}

// finish returns all batches. They are valid until the next begin.
func (k *packer) finish() []*batch {
	for _, p := range k.open {
		if p.open != nil {
			k.close(p)
		}
	}
	return k.done
}

func (p *partition) openCount() int {
	if p.open == nil {
		return 0
	}
	return len(p.open.index)
}

func (s *session) newBatch(p *partition, f *flight, now int64) *batch {
	b := &batch{part: p, flight: f, buf: s.producer.buffers.get(), index: make([]int32, 0, min(len(f.ms), 512))}
	b.begin(now)
	return b
}

// place returns the number of the partition for a message: the configured one, or that of the record's key. Without
// a key it is that of the ordering key, so that order holds within it.
func (s *session) place(t *topic, f *flight, message int32) int {
	if n := s.producer.config.Partition; n != nil {
		return *n
	}
	if len(t.partitions) == 1 {
		return 0
	}
	m := &f.ms[message]
	key, ok := s.format.keyOf(m)
	if !ok {
		key = m.OrderingKey()
	}
	return partitionOf(key, len(t.partitions))
}
