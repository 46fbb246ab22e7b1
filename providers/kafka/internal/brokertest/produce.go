package brokertest

import (
	"errors"
	"io"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/produce"
)

// produce handles one produce request. Nil: hang up.
func (n *node) produce(r *produce.Request) protocol.Message {
	n.cluster.mu.Lock()
	n.cluster.produced++
	n.cluster.mu.Unlock()
	response, silent := &produce.Response{}, r.Acks == 0
	for _, t := range r.Topics {
		out := produce.ResponseTopic{Topic: t.Topic}
		for _, p := range t.Partitions {
			answer, reply := n.store(t.Topic, p)
			if reply.Hangup || r.Acks == 0 && answer.ErrorCode != 0 {
				return nil
			}
			silent = silent || reply.Silent
			out.Partitions = append(out.Partitions, answer)
		}
		response.Topics = append(response.Topics, out)
	}
	if silent {
		return silence
	}
	return response
}

// store lets the script decide about one batch, and writes it if nothing speaks against it.
func (n *node) store(topic string, p produce.RequestPartition) (produce.ResponsePartition, Reply) {
	c := n.cluster
	out := produce.ResponsePartition{Partition: p.Partition, BaseOffset: -1}
	b, records, bytes, ok := read(p.RecordSet)
	if !ok {
		out.ErrorCode = 2
		return out, Reply{}
	}
	b.Topic, b.Partition = topic, p.Partition
	reply := c.script(&b)
	if reply.Wait != nil {
		<-reply.Wait
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out.ErrorCode = reply.Code
	for _, place := range reply.Refused {
		out.RecordErrors = append(out.RecordErrors, produce.ResponseError{BatchIndex: place, BatchIndexErrorMessage: "bad record"})
	}
	if reply.Code != 0 && !reply.Store {
		return out, reply
	}
	logs := c.topics[topic]
	switch {
	case int(p.Partition) >= len(logs):
		out.ErrorCode = codeUnknownTopic
	case logs[p.Partition].leader != n.id:
		out.ErrorCode = codeNotLeader
	case c.MaxBatch > 0 && bytes > c.MaxBatch:
		out.ErrorCode = codeTooLarge
	default:
		var code int16
		if out.BaseOffset, code = logs[p.Partition].append(b, records); code != 0 {
			out.ErrorCode = code
		}
	}
	return out, reply
}

func (c *Cluster) script(b *Batch) Reply {
	c.mu.Lock()
	c.batches++
	b.Attempt = c.batches
	script := c.Script
	c.mu.Unlock()
	if script == nil {
		return Reply{}
	}
	return script(*b)
}

// read takes a batch apart. bytes is about its size.
func read(set protocol.RecordSet) (b Batch, records []Record, bytes int, ok bool) {
	stream, ok := set.Records.(*protocol.RecordStream)
	if !ok || len(stream.Records) != 1 {
		return b, nil, 0, false
	}
	batch, ok := stream.Records[0].(*protocol.RecordBatch)
	if !ok {
		return b, nil, 0, false
	}
	b.ID, b.Epoch, b.Sequence = batch.ProducerID, batch.ProducerEpoch, batch.BaseSequence
	for {
		r, err := batch.ReadRecord()
		if errors.Is(err, io.EOF) {
			return b, records, bytes, len(records) > 0
		}
		if err != nil {
			return b, nil, 0, false
		}
		record, size, err := recordOf(r)
		if err != nil {
			return b, nil, 0, false
		}
		records = append(records, record)
		b.Values = append(b.Values, record.Value)
		b.IDs = append(b.IDs, record.Headers["message_uuid"])
		bytes += size
	}
}

func recordOf(r *protocol.Record) (Record, int, error) {
	key, err := protocol.ReadAll(r.Key)
	if err != nil {
		return Record{}, 0, err
	}
	value, err := protocol.ReadAll(r.Value)
	if err != nil {
		return Record{}, 0, err
	}
	out := Record{Key: key, Value: string(value), Headers: make(map[string]string)}
	for _, h := range r.Headers {
		out.Headers[h.Key] = string(h.Value)
	}
	return out, len(key) + len(value), nil
}
