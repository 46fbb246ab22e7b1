package kafka

import (
	"fmt"
	"math"
	"time"

	"github.com/evhub/evhub/providers"
)

// partition is one partition of a topic, and the batches on their way to it.
//
//	batches: [ sent in this round: in the air, or answered | to be sent ]
//	           0 ...                                   sent
//
// A round is the time from the first batch that is sent until all that were sent are answered. As long as the
// answers are good, it goes on for ever. With the first that is not, nothing new is sent, only those that were sent
// in an earlier round, and when the last answer is there, the round is judged. Delivered batches leave the list at
// once.
type partition struct {
	topic  *topic
	number int32
	// open is the batch that messages are being added to. It belongs to the packer at work.
	open *batch

	// Guarded by the session's mu.
	leader   int32 // id of the broker; noLeader: to be looked up
	batches  []*batch
	sent     int
	inAir    int
	again    int  // of batches, how many were sent in an earlier round; a lost connection makes it 0
	doubtful bool // the round has an answer that is not good
	queued   bool // in the session's ready
	trouble  trouble
	failed   error // why the partition takes no further part in the session

	epoch int16
	next  int32 // sequence number of the next new record
	// acked is the newest record time, in Unix milliseconds, that the session knows the partition to have under its
	// id; 0: none. A session starts anew: the topic may have been replaced since the last one.
	acked int64
}

func (s *session) newPartition(t *topic, number int32) *partition {
	p := &partition{topic: t, number: number, leader: noLeader, epoch: s.identity.epoch}
	if s.identity.id == noProducerID {
		p.epoch, p.next = noEpoch, noSequence
	}
	return p
}

// Numbers of batches without a producer id.
const (
	noEpoch    = -1
	noSequence = -1
)

// memory is how long a broker surely remembers a producer after the time of its newest record: by default it is a
// day.
const memory = time.Hour

// window returns how many batches may be in the air. A broker that does not know the id takes any first sequence
// number, and so would take the second batch after refusing the first: until it knows the id there is one.
func (s *session) window(p *partition, now time.Time) int {
	switch {
	case s.producer.config.Connection.Acks == AcksNone:
		return maxInFlight
	case s.identity.id == noProducerID, p.acked == 0, now.UnixMilli()-p.acked > memory.Milliseconds():
		return 1
	}
	return maxInFlight
}

// markReady sees to it that p is sent from, or that someone finds out why not.
func (s *session) markReady(p *partition) {
	if !p.queued && p.failed == nil {
		p.queued = true
		s.ready = append(s.ready, p)
	}
}

// sendable reports whether p's next batch may be written now, if there is a connection.
func (s *session) sendable(p *partition, now time.Time) bool {
	window := s.window(p, now)
	switch {
	case p.failed != nil, p.sent == len(p.batches), p.inAir >= window, !p.trouble.due(now):
		return false
	case p.doubtful && (p.sent >= p.again || window == 1):
		return false
	}
	// A failed session sends only what may already be in the log.
	return s.failure == nil || p.batches[p.sent].numbered && p.mayBeWritten()
}

// complete reports whether a round with a bad answer has nothing more to come. Of a round of batches that were sent
// before, all are sent even so: the answer to the last can tell about the first. But where the broker may not know
// the id it would take it out of order.
func (s *session) complete(p *partition, now time.Time) bool {
	return p.inAir == 0 && (p.sent >= p.again || s.window(p, now) == 1)
}

// mayBeWritten reports whether the fate of a batch is open.
func (p *partition) mayBeWritten() bool {
	for _, b := range p.batches {
		if b.inAir || b.maybe {
			return true
		}
	}
	return false
}

// take returns the next batch, numbered and in the air.
func (p *partition) take() *batch {
	b := p.batches[p.sent]
	p.sent++
	p.inAir++
	b.inAir, b.busy, b.answer = true, true, answer{}
	if !b.numbered {
		b.numbered, b.epoch, b.sequence = true, p.epoch, p.next
		if p.epoch != noEpoch {
			p.next = (p.next + b.count()) & math.MaxInt32
		}
	}
	return b
}

// remove takes the first n batches off the list.
func (p *partition) remove(n int) {
	left := copy(p.batches, p.batches[n:])
	clear(p.batches[left:])
	p.batches = p.batches[:left]
	p.sent, p.again = max(p.sent-n, 0), max(p.again-n, 0)
}

// drop gives all batches err as their outcome.
func (p *partition) drop(err error) {
	switch {
	case p.failed != nil:
		err = p.failed
	case p.trouble.cause != nil:
		err = fmt.Errorf("topic %s, partition %d: %w: %w", p.topic.name, p.number, p.trouble.cause, err)
	}
	for _, b := range p.batches {
		outcome := err
		if !b.inAir && !b.maybe {
			outcome = providers.Unsent(err)
		}
		b.flight.settle(b.index, outcome)
	}
	p.batches, p.sent, p.inAir = nil, 0, 0
}
