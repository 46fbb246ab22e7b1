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

var errClosed = errors.New("the session was closed")

// session implements providers.Session.
//
// Whoever holds writing writes requests: Send, or run for what Send could not write. Locks are taken in the order
// writing, mu; nothing is read or written on the network under mu.
type session struct {
	producer *producer
	identity identity
	format   recordFormat
	fixed    *topic // nil: the profile is the topic

	// dials is done when the session is over, whoever else waits for a connection.
	dials  context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup
	// wake tells run that there may be something to do.
	wake    chan struct{}
	writing sync.Mutex
	packer  packer // of Send alone

	mu      sync.Mutex // guards what follows, and the state of topics, partitions, batches and flights
	servers []string   // to ask for metadata
	nodes   map[int32]string
	conns   map[int32]*conn
	topics  map[string]*topic
	// ready holds the partitions with batches to be sent, now or later.
	ready []*partition
	// failure is why the session takes nothing more. What may be in the log is still settled.
	failure error
	// spent: the broker does not know the identity, or not any more.
	spent bool
	// over: every batch has its outcome.
	over bool
}

func newSession(p *producer, servers []string, c cluster) *session {
	s := &session{
		producer: p,
		identity: p.identity,
		format:   recordFormat{key: p.config.Key, headers: p.config.Headers},
		wake:     make(chan struct{}, 1),
		servers:  servers,
		nodes:    c.nodes,
		conns:    make(map[int32]*conn),
		topics:   make(map[string]*topic),
	}
	s.packer.session = s
	s.dials, s.cancel = context.WithCancel(context.Background())
	if name := p.config.topic(); name != "" {
		s.fixed = s.newTopic(name)
		s.setLeaders(s.fixed, c.topics[name].leaders)
	}
	return s
}

// open connects to the leaders and starts the session's goroutines. bootstrap is used for one of them if it fits.
func (s *session) open(ctx context.Context, bootstrap *link) error {
	s.mu.Lock()
	var nodes []int32
	if s.fixed != nil {
		for _, p := range s.fixed.partitions {
			if p.leader != noLeader && s.uses(p) && !slices.Contains(nodes, p.leader) {
				nodes = append(nodes, p.leader)
			}
		}
	}
	for i, node := range nodes {
		if s.nodes[node] == bootstrap.address {
			s.adopt(node, bootstrap)
			bootstrap = nil
			nodes = slices.Delete(nodes, i, i+1)
			break
		}
	}
	s.mu.Unlock()
	if bootstrap != nil {
		bootstrap.Close()
	}
	s.tasks.Go(s.run)
	return s.connect(ctx, nodes)
}

// uses reports whether events can go to p.
func (s *session) uses(p *partition) bool {
	n := s.producer.config.Partition
	return n == nil || *n == int(p.number)
}

// Send encodes the messages, one batch for each partition, and writes them as far as the window allows.
func (s *session) Send(ctx context.Context, ms []providers.Message) providers.Flight {
	if len(ms) == 0 {
		return providers.Done(nil)
	}
	f := newFlight(s, ms)
	if err := ctx.Err(); err != nil {
		s.abort(err)
	}
	if err := s.intake(f); err != nil {
		return providers.Done(providers.Unsent(err))
	}
	stop := context.AfterFunc(ctx, func() { s.abort(fmt.Errorf("sending: %w", ctx.Err())) })
	defer stop()
	if s.writing.TryLock() {
		s.write()
		s.writing.Unlock()
	}
	s.pokeIfReady()
	return f
}

// Close gives up what has no outcome.
func (s *session) Close(ctx context.Context) error {
	s.abort(errClosed)
	ended := make(chan struct{})
	go func() {
		s.tasks.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// abort ends the session at once. What is in the air has no known outcome then.
func (s *session) abort(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		s.failure = err
	}
	s.finish()
}

// fail makes the session take nothing more because of err. It is over when all is settled that can be.
// The caller holds mu.
func (s *session) fail(err error) {
	if s.failure == nil {
		s.failure = err
	}
	s.poke()
}

// finish gives every batch without an outcome the failure as its own and closes the connections. The caller holds
// mu.
func (s *session) finish() {
	if s.over {
		return
	}
	s.over = true
	highest := s.identity.epoch
	for _, t := range s.topics {
		t.drop(s.failure)
		for _, p := range t.partitions {
			p.drop(s.failure)
			highest = max(highest, p.epoch)
		}
	}
	s.ready = nil
	s.producer.retire(highest, s.spent)
	for _, c := range s.conns {
		c.link.Close()
	}
	clear(s.conns)
	s.cancel()
}

// poke wakes run.
func (s *session) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *session) pokeIfReady() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ready) > 0 || s.failure != nil {
		s.poke()
	}
}

// run does what waits for time, for a leader, or for room, until the session is over.
func (s *session) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.dials.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
		s.restore()
		s.writing.Lock()
		s.write()
		s.writing.Unlock()
		timer.Reset(s.review())
	}
}

// idleReview is how often run looks around when nothing is due.
const idleReview = time.Minute

// review ends what takes too long, and the session itself once everything is settled, and returns when something is
// due next.
func (s *session) review() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, next := time.Now(), idleReview
	for _, t := range s.topics {
		if len(t.waiting) > 0 {
			if tooLong(t.trouble.since, now, s.producer.timeout) {
				s.fail(fmt.Errorf("topic %s: %w", t.name, t.trouble.cause))
			}
			next = min(next, t.trouble.until(now))
		}
	}
	for _, p := range s.ready {
		if p.failed == nil && tooLong(p.trouble.since, now, s.producer.env.Timeout) {
			s.failPartition(p, p.trouble.cause)
		}
		if p.failed == nil {
			next = min(next, p.trouble.until(now))
		}
	}
	if s.failure != nil && s.settled() {
		s.finish()
	}
	return max(next, time.Millisecond)
}

func tooLong(since, now time.Time, limit time.Duration) bool {
	return !since.IsZero() && now.Sub(since) > limit
}

// settled reports whether waiting longer would settle nothing. The caller holds mu.
func (s *session) settled() bool {
	for _, t := range s.topics {
		for _, p := range t.partitions {
			if p.inAir > 0 || p.failed == nil && p.mayBeWritten() {
				return false
			}
		}
	}
	return true
}
