package kafka

import (
	"time"

	"github.com/evhub/evhub/providers"
)

// topic is a topic of a session. Its partitions do not change while the session lasts, so that no key moves from
// one partition to another between two of its events.
type topic struct {
	name       string
	partitions []*partition // nil until the topic was found
	waiting    []held       // messages for a topic that was not found yet
	trouble    trouble
}

// held is a message that waits for its topic.
type held struct {
	flight  *flight
	message int32
}

// trouble is what keeps a topic or partition from going on.
type trouble struct {
	since   time.Time // zero: nothing does
	cause   error
	attempt int
	retry   time.Time // not before that
}

// note adds one more failure; the next attempt comes after backoff.
func (t *trouble) note(cause error, backoff func(attempt int) time.Duration) {
	now := time.Now()
	if t.since.IsZero() {
		t.since = now
	}
	t.cause = cause
	t.attempt++
	t.retry = now.Add(backoff(t.attempt))
}

// due reports whether the next attempt may be made.
func (t *trouble) due(now time.Time) bool { return !now.Before(t.retry) }

// until returns when to look again.
func (t *trouble) until(now time.Time) time.Duration {
	switch d := t.retry.Sub(now); {
	case t.since.IsZero():
		return idleReview
	case d > 0:
		return d
	}
	return maxBackoff / 10
}

func (s *session) newTopic(name string) *topic {
	t := &topic{name: name}
	s.topics[name] = t
	return t
}

// drop gives the waiting messages err as outcome.
func (t *topic) drop(err error) {
	for _, h := range t.waiting {
		h.flight.settle([]int32{h.message}, providers.Unsent(err))
	}
	t.waiting = nil
}

// setLeaders creates the topic's partitions, or tells those that are not in the middle of something who leads them.
func (s *session) setLeaders(t *topic, leaders []int32) {
	if t.partitions == nil {
		t.partitions = make([]*partition, len(leaders))
		for i := range t.partitions {
			t.partitions[i] = s.newPartition(t, int32(i))
		}
	}
	for i, p := range t.partitions[:min(len(leaders), len(t.partitions))] {
		if p.inAir == 0 {
			p.leader = leaders[i]
		}
	}
}
