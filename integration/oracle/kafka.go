package oracle

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// ReadTopic passes every message that a topic holds at the time of the call to observe, partition by partition in the
// order of the log. addrs are bootstrap addresses, separated by commas.
func ReadTopic(ctx context.Context, addrs, topic string, observe func(kafka.Message)) error {
	brokers := strings.Split(addrs, ",")
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(brokers...), Timeout: 10 * time.Second, Transport: transport}
	meta, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return fmt.Errorf("read topic %s: %w", topic, err)
	}
	for _, t := range meta.Topics {
		if t.Error != nil {
			return fmt.Errorf("read topic %s: %w", topic, t.Error)
		}
		for _, p := range t.Partitions {
			if err := readPartition(ctx, client, brokers, topic, p.ID, observe); err != nil {
				return fmt.Errorf("read topic %s, partition %d: %w", topic, p.ID, err)
			}
		}
	}
	return nil
}

func readPartition(ctx context.Context, client *kafka.Client, brokers []string, topic string, partition int, observe func(kafka.Message)) error {
	answer, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		topic: {kafka.FirstOffsetOf(partition), kafka.LastOffsetOf(partition)},
	}})
	if err != nil {
		return err
	}
	offsets := answer.Topics[topic][0]
	if offsets.Error != nil {
		return offsets.Error
	}
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers: brokers, Topic: topic, Partition: partition, MaxBytes: 16 << 20, MaxWait: 100 * time.Millisecond,
	})
	defer reader.Close()
	if err := reader.SetOffset(offsets.FirstOffset); err != nil {
		return err
	}
	for next := offsets.FirstOffset; next < offsets.LastOffset; {
		m, err := reader.ReadMessage(ctx)
		if err != nil {
			return fmt.Errorf("offset %d: %w", next, err)
		}
		observe(m)
		next = m.Offset + 1
	}
	return nil
}
