package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/evhub/evhub/bench/harness"
)

// Prepare returns a Group's Prepare, which creates a topic for one run and removes it afterwards, when all events
// are in it. address is asked for the broker's when it is needed.
func Prepare(address func() (string, error), partitions int) func(context.Context, *harness.Task) (harness.Finish, error) {
	return func(ctx context.Context, t *harness.Task) (harness.Finish, error) {
		addr, err := address()
		if err != nil {
			return nil, err
		}
		transport := &kafka.Transport{MetadataTTL: 100 * time.Millisecond}
		c := cluster{&kafka.Client{Addr: kafka.TCP(strings.Split(addr, ",")...), Transport: transport}}
		topic := fmt.Sprintf("bench-%s-%x", t.Group, time.Now().UnixNano())
		if err := c.create(ctx, topic, partitions); err != nil {
			return nil, err
		}
		t.Address, t.Target, t.Partitions = addr, topic, partitions
		return func(ctx context.Context, published int) error {
			defer transport.CloseIdleConnections()
			err := c.checkCount(ctx, topic, partitions, published)
			_, deleteErr := c.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{topic}})
			return errors.Join(err, deleteErr)
		}, nil
	}
}

type cluster struct{ *kafka.Client }

// create returns when each partition of the new topic has a leader.
func (c cluster) create(ctx context.Context, topic string, partitions int) error {
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		err := c.tryCreate(ctx, topic, partitions)
		if err == nil {
			err = c.checkCount(ctx, topic, partitions, 0) // the leaders answer
		}
		if err == nil {
			return nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return fmt.Errorf("create topic %s: %w", topic, err)
		}
	}
}

// tryCreate may fail for a moment: the client has not found the controller yet. A topic that is there is as good.
func (c cluster) tryCreate(ctx context.Context, topic string, partitions int) error {
	answer, err := c.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: topic, NumPartitions: partitions, ReplicationFactor: 1,
		// Segments go at once when the topic does, so that many runs do not fill the disk.
		ConfigEntries: []kafka.ConfigEntry{{ConfigName: "file.delete.delay.ms", ConfigValue: "0"}},
	}}})
	if err == nil {
		err = answer.Errors[topic]
	}
	if errors.Is(err, kafka.TopicAlreadyExists) {
		return nil
	}
	return err
}

// checkCount is an error unless a topic holds so many records.
func (c cluster) checkCount(ctx context.Context, topic string, partitions, want int) error {
	var ends []kafka.OffsetRequest
	for p := range partitions {
		ends = append(ends, kafka.LastOffsetOf(p))
	}
	answer, err := c.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: ends}})
	if err != nil {
		return err
	}
	got := 0
	for _, p := range answer.Topics[topic] {
		got += int(p.LastOffset)
		err = errors.Join(err, p.Error)
	}
	if err != nil {
		return fmt.Errorf("count the records of topic %s: %w", topic, err)
	}
	if got != want {
		return fmt.Errorf("topic %s has %d records, want %d", topic, got, want)
	}
	return nil
}
