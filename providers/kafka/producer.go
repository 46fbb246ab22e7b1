package kafka

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/evhub/evhub/providers"
	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
)

// producer is what the sessions of one destination have in common. They come one after the other, so nothing in it
// is locked.
type producer struct {
	config  Config
	env     providers.Env
	dialer  dialer
	timeout time.Duration // longest wait for one answer; env.Timeout is the longest for an outcome
	codec   compress.Codec
	buffers buffers

	// identity under which the next session numbers its batches.
	identity identity
	// refused: the broker does not let us be idempotent, and the user has been told.
	refused bool
}

// identity tells a producer's batches from all others.
type identity struct {
	id    int64 // noProducerID: batches are not numbered
	epoch int16
}

const noProducerID = -1

func newProducer(c Config, env providers.Env, s security) *producer {
	codec, _ := codecOf(c.Connection.CompressionType)
	timeout := c.timeout(env)
	return &producer{
		config:   c,
		env:      env,
		timeout:  timeout,
		codec:    codec,
		dialer:   dialer{clientID: c.Connection.ClientID, timeout: timeout, security: s},
		identity: identity{id: noProducerID},
	}
}

// dial opens a session: it finds the topic's leaders, connects to each, and sees to the producer id.
func (p *producer) dial(ctx context.Context) (providers.Session, error) {
	var servers, topics []string
	for _, s := range p.config.Connection.BootstrapServers {
		servers = append(servers, withPort(s))
	}
	if t := p.config.topic(); t != "" {
		topics = []string{t}
	}
	l, c, err := p.dialer.lookup(ctx, p.env.Timeout, servers, topics)
	if err != nil {
		return nil, err
	}
	if err := p.prepare(ctx, l, &c); err != nil {
		l.Close()
		return nil, err
	}
	s := newSession(p, servers, c)
	if err := s.open(ctx, l); err != nil {
		s.Close(ctx)
		return nil, err
	}
	return s, nil
}

// prepare waits until the topic is ready and gets a producer id.
func (p *producer) prepare(ctx context.Context, l *link, c *cluster) error {
	if name := p.config.topic(); name != "" {
		if err := p.awaitTopic(ctx, l, c, name); err != nil {
			return err
		}
	}
	if p.config.Connection.Acks == AcksAll && p.identity.id == noProducerID {
		return p.identify(ctx, l)
	}
	return nil
}

// creationTime is how long a topic may take to appear that the broker creates by itself.
const creationTime = 2 * time.Second

// awaitTopic returns when the topic has partitions, and an error if it does not come to that.
func (p *producer) awaitTopic(ctx context.Context, l *link, c *cluster, name string) error {
	for end := time.Now().Add(min(creationTime, p.timeout)); ; {
		state, ok := c.topics[name]
		if !ok {
			state.code = unknownTopicOrPartition
		}
		if state.code == none {
			return p.checkPartition(name, len(state.leaders))
		}
		wait := state.code == unknownTopicOrPartition || state.code == leaderNotAvailable
		if !wait || time.Now().After(end) {
			return fmt.Errorf("topic %s: %w", name, &answerError{code: state.code, hint: topicHint(state.code)})
		}
		if err := pause(ctx, p.backoff(1)); err != nil {
			return err
		}
		described, err := l.describe(ctx, p.timeout, []string{name})
		if err != nil {
			return err
		}
		*c = described
	}
}

func (p *producer) checkPartition(topic string, count int) error {
	if n := p.config.Partition; n != nil && *n >= count {
		return fmt.Errorf("topic %s has %d partitions, and none with number %d (partition)", topic, count, *n)
	}
	return nil
}

func topicHint(c code) string {
	switch c {
	case unknownTopicOrPartition:
		return "create the topic"
	case topicAuthorizationFailed:
		return "allow the user to write to it"
	}
	return ""
}

// identify gets a producer id, or notes that there is none to be had.
func (p *producer) identify(ctx context.Context, l *link) error {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		answer, err := l.call(ctx, &initproducerid.Request{ProducerID: noProducerID, ProducerEpoch: -1, TransactionTimeoutMs: math.MaxInt32})
		if err != nil {
			return err
		}
		r := answer.(*initproducerid.Response)
		switch c := code(r.ErrorCode); c {
		case none:
			p.identity = identity{id: r.ProducerID, epoch: r.ProducerEpoch}
			return nil
		case clusterAuthorizationFailed:
			if !p.refused {
				p.env.Logger.Warn("kafka: the broker grants no producer id (CLUSTER_AUTHORIZATION_FAILED): " +
					"one batch at a time for each partition, and lost answers can lead to duplicates; " +
					"allow the user to write to the topic, or IdempotentWrite on the cluster")
			}
			p.refused = true
			return nil
		case coordinatorLoading, coordinatorNotAvailable, notCoordinator:
			if err := pause(ctx, p.backoff(attempt)); err != nil {
				return fmt.Errorf("producer id: %w", &answerError{code: c})
			}
		default:
			return fmt.Errorf("producer id: %w", &answerError{code: c})
		}
	}
}

// retire notes what a session leaves behind. The next one numbers from zero under the next epoch, so that no number
// is ever used for two different batches; after the last epoch, or if the id is spent, it asks for a new one.
func (p *producer) retire(highest int16, spent bool) {
	if spent || highest == math.MaxInt16 || p.identity.id == noProducerID {
		p.identity = identity{id: noProducerID}
		return
	}
	p.identity.epoch = highest + 1
}

// Bounds of the pause between two attempts.
const (
	minBackoff = 5 * time.Millisecond
	maxBackoff = time.Second
)

// backoff returns the pause after the given number of failures.
func (p *producer) backoff(attempt int) time.Duration {
	d := max(time.Duration(p.config.Connection.RetryBackoffMS)*time.Millisecond, minBackoff)
	for ; attempt > 1 && d < maxBackoff; attempt-- {
		d *= 2
	}
	return min(d, maxBackoff)
}

// pause waits for d, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
