package kafka

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/produce"

	"github.com/evhub/evhub/bench/harness"
)

// Protocol is the pipeline of Raw, with the requests encoded by kafka-go's protocol package.
func Protocol(name string) harness.Contestant {
	return harness.Contestant{Name: name, Open: func(ctx context.Context, t harness.Task) (harness.Publisher, error) {
		return newPipeline(ctx, t, &protocolWire{topic: t.Target})
	}}
}

type protocolWire struct {
	topic   string
	records []protocol.Record
}

func (w *protocolWire) write(conn net.Conn, serial int32, partition int, bodies [][]byte) error {
	w.records = w.records[:0]
	now := time.Now()
	for _, body := range bodies {
		w.records = append(w.records, protocol.Record{Time: now, Value: protocol.NewBytes(body)})
	}
	return protocol.WriteRequest(conn, produceVersion, serial, clientID, &produce.Request{
		Acks:    -1,
		Timeout: int32(ackTimeout.Milliseconds()),
		Topics: []produce.RequestTopic{{
			Topic: w.topic,
			Partitions: []produce.RequestPartition{{
				Partition: int32(partition),
				RecordSet: protocol.RecordSet{Version: 2, Records: protocol.NewRecordReader(w.records...)},
			}},
		}},
	})
}

func (w *protocolWire) read(r *bufio.Reader) error {
	_, answer, err := protocol.ReadResponse(r, protocol.Produce, produceVersion)
	if err != nil {
		return err
	}
	for _, topic := range answer.(*produce.Response).Topics {
		for _, p := range topic.Partitions {
			if p.ErrorCode != 0 {
				return fmt.Errorf("the broker answers with error %d", p.ErrorCode)
			}
		}
	}
	return nil
}
