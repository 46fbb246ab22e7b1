package kafka

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go/protocol/metadata"
)

// cluster is what brokers say about themselves and some topics.
type cluster struct {
	nodes  map[int32]string // addresses by broker id
	topics map[string]topicState
}

// topicState is one topic's part of the metadata.
type topicState struct {
	code code
	// leaders holds the id of each partition's leader, -1 where there is none now.
	leaders []int32
}

// lookup asks brokers, in turn, until one describes the cluster. It returns the link to that one as well.
// One that hangs leaves enough of limit for the others.
func (d *dialer) lookup(ctx context.Context, limit time.Duration, servers, topics []string) (*link, cluster, error) {
	each := *d
	each.timeout = min(d.timeout, limit/time.Duration(len(servers)+1))
	var errs []error
	for _, server := range servers {
		l, err := each.dial(ctx, server)
		if err == nil {
			var c cluster
			if c, err = l.describe(ctx, d.timeout, topics); err == nil {
				return l, c, nil
			}
			l.Close()
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, cluster{}, errors.Join(errs...)
}

// describe asks for the brokers and the given topics, which are created if the broker does that of itself.
func (l *link) describe(ctx context.Context, timeout time.Duration, topics []string) (cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// No names at all would mean every topic.
	names := append(make([]string, 0, len(topics)), topics...)
	answer, err := l.call(ctx, &metadata.Request{TopicNames: names, AllowAutoTopicCreation: true})
	if err != nil {
		return cluster{}, err
	}
	r := answer.(*metadata.Response)
	c := cluster{nodes: make(map[int32]string), topics: make(map[string]topicState)}
	for _, b := range r.Brokers {
		c.nodes[b.NodeID] = net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))
	}
	for _, t := range r.Topics {
		c.topics[t.Name] = stateOf(t)
	}
	return c, nil
}

func stateOf(t metadata.ResponseTopic) topicState {
	s := topicState{code: code(t.ErrorCode)}
	if s.code != none {
		return s
	}
	s.leaders = make([]int32, len(t.Partitions))
	for i := range s.leaders {
		s.leaders[i] = noLeader
	}
	for _, p := range t.Partitions {
		if p.PartitionIndex < 0 || int(p.PartitionIndex) >= len(s.leaders) {
			return topicState{code: unknownServerError}
		}
		s.leaders[p.PartitionIndex] = p.LeaderID
	}
	if len(s.leaders) == 0 {
		s.code = unknownTopicOrPartition
	}
	return s
}

// noLeader stands for the id of a broker that is not known.
const noLeader int32 = -1
