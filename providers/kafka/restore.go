package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/evhub/evhub/providers"
)

// missing is what run has to look up.
type missing struct {
	partitions []*partition // without a connection to their leader
	topics     []*topic     // with messages, and not found yet
}

func (m missing) names() []string {
	var names []string
	for _, t := range m.topics {
		names = append(names, t.name)
	}
	for _, p := range m.partitions {
		if !slices.Contains(names, p.topic.name) {
			names = append(names, p.topic.name)
		}
	}
	return names
}

// restore finds the leaders that are missing and connects to them.
func (s *session) restore() {
	m, servers := s.findMissing()
	if len(m.partitions)+len(m.topics) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(s.dials, s.producer.timeout)
	defer cancel()
	l, c, err := s.producer.dialer.lookup(ctx, s.producer.timeout, servers, m.names())
	if err != nil {
		s.noteMissing(m, err)
		return
	}
	nodes := s.learn(m, c, l)
	for node, err := range s.connectAll(ctx, nodes) {
		s.noteUnreachable(node, err)
	}
}

// findMissing returns what is missing, and which brokers to ask, best first.
func (s *session) findMissing() (m missing, servers []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, attempt := time.Now(), 0
	for _, p := range s.ready {
		if s.sendable(p, now) && s.connOf(p, now) == nil && s.conns[p.leader] == nil {
			m.partitions = append(m.partitions, p)
			attempt = max(attempt, p.trouble.attempt)
			if address, ok := s.nodes[p.leader]; ok && p.trouble.attempt == 0 {
				servers = append(servers, address)
			}
		}
	}
	for _, t := range s.topics {
		if len(t.waiting) > 0 && t.trouble.due(now) && s.failure == nil {
			m.topics = append(m.topics, t)
		}
	}
	others := slices.Clone(s.servers)
	for _, address := range s.nodes {
		others = append(others, address)
	}
	slices.Sort(others)
	for i := range others {
		servers = append(servers, others[(i+attempt)%len(others)])
	}
	seen := make(map[string]bool)
	return m, slices.DeleteFunc(servers, func(address string) bool {
		again := seen[address]
		seen[address] = true
		return again
	})
}

// learn takes in metadata and returns the brokers to connect to. l, from which it came, is one of the connections
// if it fits.
func (s *session) learn(m missing, c cluster, l *link) []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nodes = c.nodes
	for _, t := range m.topics {
		s.learnTopic(t, c.topics[t.name])
	}
	for _, p := range m.partitions {
		state, ok := c.topics[p.topic.name]
		if !ok {
			state.code = unknownServerError
		}
		if state.code != none {
			if state.code == unknownTopicOrPartition {
				p.acked = 0
			}
			p.trouble.note(&answerError{code: state.code, hint: topicHint(state.code)}, s.producer.backoff)
			continue
		}
		s.setLeaders(p.topic, state.leaders)
		if p.leader == noLeader {
			p.trouble.note(&answerError{code: leaderNotAvailable}, s.producer.backoff)
		}
	}
	var nodes []int32
	for _, p := range s.ready {
		if address, ok := s.nodes[p.leader]; ok && s.conns[p.leader] == nil && !slices.Contains(nodes, p.leader) {
			if l != nil && l.address == address {
				s.adopt(p.leader, l)
				l = nil
				continue
			}
			nodes = append(nodes, p.leader)
		}
	}
	if l != nil {
		l.Close()
	}
	return nodes
}

// learnTopic encodes the messages that waited for t, if it is there.
func (s *session) learnTopic(t *topic, state topicState) {
	err := s.producer.checkPartition(t.name, len(state.leaders))
	switch {
	case s.over:
	case state.code == invalidTopic:
		for _, h := range t.waiting {
			h.flight.settle([]int32{h.message}, providers.Permanent(fmt.Errorf("topic %s: %w", t.name, &answerError{code: state.code})))
		}
		t.waiting = nil
	case state.code != none:
		t.trouble.note(&answerError{code: state.code, hint: topicHint(state.code)}, s.producer.backoff)
	case len(state.leaders) == 0:
		t.trouble.note(errors.New("the broker does not describe the topic"), s.producer.backoff)
	case err != nil:
		t.trouble.note(err, s.producer.backoff)
	default:
		s.setLeaders(t, state.leaders)
		s.admit(t)
	}
}

// noteMissing counts a failed attempt to reach anybody.
func (s *session) noteMissing(m missing, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range m.topics {
		t.trouble.note(err, s.producer.backoff)
	}
	for _, p := range m.partitions {
		p.trouble.note(err, s.producer.backoff)
	}
}

// noteUnreachable counts a failed attempt to reach one broker.
func (s *session) noteUnreachable(node int32, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.ready {
		if p.leader == node {
			p.trouble.note(err, s.producer.backoff)
			p.leader = noLeader
		}
	}
}

// connect connects to brokers and returns an error if one cannot be reached.
func (s *session) connect(ctx context.Context, nodes []int32) error {
	var errs []error
	for _, err := range s.connectAll(ctx, nodes) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// connectAll connects to brokers at the same time, and returns those that cannot be reached.
func (s *session) connectAll(ctx context.Context, nodes []int32) map[int32]error {
	errs := make(map[int32]error)
	var mu sync.Mutex
	var dials sync.WaitGroup
	for _, node := range nodes {
		s.mu.Lock()
		address := s.nodes[node]
		s.mu.Unlock()
		dials.Go(func() {
			l, err := s.producer.dialer.dial(ctx, address)
			if err != nil {
				mu.Lock()
				errs[node] = err
				mu.Unlock()
				return
			}
			s.mu.Lock()
			s.adopt(node, l)
			s.mu.Unlock()
		})
	}
	dials.Wait()
	return errs
}
