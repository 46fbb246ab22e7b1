package brokers

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/segmentio/kafka-go"
)

// Topic is a topic to create.
type Topic struct {
	Name string
	// Partitions and Replicas are 1 if zero.
	Partitions, Replicas int
	// Config are settings of the topic, such as max.message.bytes.
	Config map[string]string
}

// CreateTopic creates a topic and returns when every partition has a leader, and every node knows it.
func (k *Kafka) CreateTopic(ctx context.Context, t Topic) error {
	t.Partitions, t.Replicas = max(t.Partitions, 1), max(t.Replicas, 1)
	config := kafka.TopicConfig{Topic: t.Name, NumPartitions: t.Partitions, ReplicationFactor: t.Replicas}
	for name, value := range t.Config {
		config.ConfigEntries = append(config.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
	}
	if err := withClient(k.addr, func(c *kafka.Client) error { return k.createTopic(ctx, c, t.Name, config) }); err != nil {
		return fmt.Errorf("create topic %s: %w", t.Name, err)
	}
	for addr := range strings.SplitSeq(k.addr, ",") {
		err := withClient(addr, func(c *kafka.Client) error {
			return awaitReady(ctx, func(ctx context.Context) error { return checkTopic(ctx, c, t) }, k.processes()...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// createTopic asks until a node is ready to do it.
func (k *Kafka) createTopic(ctx context.Context, c *kafka.Client, name string, config kafka.TopicConfig) error {
	var refusal error
	err := awaitReady(ctx, func(ctx context.Context) error {
		answer, err := c.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{config}})
		if err == nil {
			err = answer.Errors[name]
		}
		if errors.Is(err, kafka.BrokerNotAvailable) { // just started, or just awake again
			return err
		}
		refusal = err
		return nil
	}, k.processes()...)
	return errors.Join(err, refusal)
}

// DeleteTopic deletes a topic.
func (k *Kafka) DeleteTopic(ctx context.Context, name string) error {
	return withClient(k.addr, func(c *kafka.Client) error {
		answer, err := c.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{name}})
		if err == nil {
			err = answer.Errors[name]
		}
		if err != nil {
			return fmt.Errorf("delete topic %s: %w", name, err)
		}
		return nil
	})
}

// SetPassword gives User another SCRAM password, which counts for new connections.
func (k *Kafka) SetPassword(ctx context.Context, password string) error {
	return withClient(k.addr, func(c *kafka.Client) error {
		return errors.Join(
			setScram(ctx, c, kafka.ScramMechanismSha256, sha256.New, password),
			setScram(ctx, c, kafka.ScramMechanismSha512, sha512.New, password),
		)
	})
}

// setScram sets the password for one mechanism. A request may hold only one change for each user.
func setScram(ctx context.Context, c *kafka.Client, m kafka.ScramMechanism, h func() hash.Hash, password string) error {
	const iterations = 4096
	salt := []byte(rand.Text())
	salted, err := pbkdf2.Key(h, password, salt, iterations, h().Size())
	if err != nil {
		return err
	}
	answer, err := c.AlterUserScramCredentials(ctx, &kafka.AlterUserScramCredentialsRequest{
		Upsertions: []kafka.UserScramCredentialsUpsertion{{
			Name: User, Mechanism: m, Iterations: iterations, Salt: salt, SaltedPassword: salted,
		}},
	})
	if err != nil {
		return fmt.Errorf("change the SCRAM password: %w", err)
	}
	for _, r := range answer.Results {
		err = errors.Join(err, r.Error)
	}
	return err
}

// AwaitReady returns when every node is there and takes requests.
func (k *Kafka) AwaitReady(ctx context.Context) error {
	return awaitReady(ctx, func(ctx context.Context) error {
		for _, n := range k.Nodes {
			if err := checkKafka(ctx, n.Addr, len(k.Nodes)); err != nil {
				return err
			}
		}
		return nil
	}, k.processes()...)
}

func (k *Kafka) processes() (ps []*process) {
	for _, n := range k.Nodes {
		ps = append(ps, n.process)
	}
	return ps
}

// checkKafka says what keeps the server at addr from knowing so many nodes and a controller.
func checkKafka(ctx context.Context, addr string, nodes int) error {
	return withClient(addr, func(c *kafka.Client) error {
		m, err := c.Metadata(ctx, &kafka.MetadataRequest{})
		if err != nil {
			return err
		}
		if len(m.Brokers) < nodes || m.Controller.Host == "" {
			return fmt.Errorf("%d nodes of %d have come, controller %q", len(m.Brokers), nodes, m.Controller.Host)
		}
		return nil
	})
}

func checkTopic(ctx context.Context, c *kafka.Client, t Topic) error {
	m, err := c.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{t.Name}})
	if err != nil {
		return err
	}
	for _, topic := range m.Topics {
		if topic.Error != nil {
			return topic.Error
		}
		if len(topic.Partitions) != t.Partitions {
			return fmt.Errorf("%d partitions of %d", len(topic.Partitions), t.Partitions)
		}
		for _, p := range topic.Partitions {
			if p.Error != nil || p.Leader.Host == "" {
				return fmt.Errorf("partition %d has no leader: %w", p.ID, p.Error)
			}
		}
	}
	return nil
}
