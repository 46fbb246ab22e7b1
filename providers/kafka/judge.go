package kafka

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/evhub/evhub/providers"
)

// note takes in what became of one batch that was in the air, and judges the round with the last one. The caller
// holds mu.
func (s *session) note(b *batch, a answer) {
	if s.over {
		return
	}
	p := b.part
	b.inAir = false
	p.inAir--
	switch a.code {
	case none, duplicateSequence:
		s.delivered(p, b)
	default:
		b.answer = a
		b.maybe = b.maybe || a.code.written()
		p.doubtful = true
		if a.code == lost {
			p.again = 0
		}
	}
	if p.doubtful && p.failed == nil && s.complete(p, time.Now()) {
		s.judge(p)
	}
}

// delivered settles b, and with it all batches before it: the broker takes a batch only if it has everything that
// comes before it.
func (s *session) delivered(p *partition, b *batch) {
	i := slices.Index(p.batches, b)
	if i < 0 {
		return
	}
	p.trouble = trouble{}
	if s.identity.id != noProducerID {
		p.acked = max(p.acked, b.time)
	}
	if slices.ContainsFunc(p.batches[:i], func(e *batch) bool { return !e.maybe || e.answer.code.newLeader() }) {
		// One before it was turned away: the broker did not know the id any more, and took any number.
		s.release(b, nil)
		p.batches = slices.Delete(p.batches, i, i+1)
		p.sent, p.again = p.sent-1, max(p.again-1, 0)
		s.failPartition(p, errors.New("the broker has forgotten the producer, as after a deleted topic that was created anew"))
		return
	}
	for _, e := range p.batches[:i+1] {
		s.release(e, nil)
	}
	p.remove(i + 1)
}

// release settles a batch and takes its memory back.
func (s *session) release(b *batch, outcome error) {
	b.flight.settle(b.index, outcome)
	if !b.busy {
		s.producer.buffers.put(b.buf)
		b.buf = nil
	}
}

// judge decides how p goes on when everything sent is answered and not everything was delivered. What is left of
// the round was not delivered, and the first of it decides: a batch behind one that was not written is not written
// either. The caller holds mu.
func (s *session) judge(p *partition) {
	p.doubtful = false
	round := p.batches[:p.sent]
	if len(round) == 0 {
		s.proceed(p)
		return
	}
	switch first := round[0]; first.answer.code.meaning() {
	case retryable:
		s.again(p, first.answer)
	case gap:
		s.judgeGap(p, round)
	case refusal:
		s.judgeRefusal(p, round)
	case fatal:
		if c := first.answer.code; c == invalidProducerEpoch || c == unknownProducerID {
			s.spent = true
		}
		s.failPartition(p, first.answer.err())
	}
}

// judgeGap decides about a round that begins with OUT_OF_ORDER_SEQUENCE_NUMBER. After a restart the broker says so
// about every batch that it has, but for the last. So if that one has no answer yet, another round may tell.
func (s *session) judgeGap(p *partition, round []*batch) {
	for _, b := range round {
		b.maybe = true
	}
	for _, b := range round {
		if b.answer.code.meaning() == retryable {
			s.again(p, b.answer)
			return
		}
	}
	if p.sent < p.again {
		// Only a broker that knows the id finds a gap, so that the others need not wait for the first.
		p.acked = round[0].time
		s.proceed(p)
		return
	}
	s.failPartition(p, round[0].answer.err())
}

// judgeRefusal decides about a round whose first batch the broker finds wrong. Nothing of it was written, and so
// nothing of those behind it.
func (s *session) judgeRefusal(p *partition, round []*batch) {
	b := round[0]
	if !b.maybe {
		for _, follower := range round[1:] {
			follower.maybe = false
		}
	}
	switch {
	case b.answer.code == corruptMessage && b.corrupt:
		s.failPartition(p, b.answer.err())
	case b.answer.code == corruptMessage:
		b.corrupt = true
		p.trouble.note(b.answer.err(), s.producer.backoff)
		s.proceed(p)
	case len(b.answer.refused) > 0:
		s.dropRecords(p, b)
	case b.count() == 1:
		s.refuseBatch(p, b)
	default:
		s.halve(p, b)
	}
}

// again has every batch that was sent and not delivered sent once more, as it is. Without a producer id the broker
// could not tell, so that the session ends instead.
func (s *session) again(p *partition, why answer) {
	if s.identity.id == noProducerID {
		s.failPartition(p, why.err())
		return
	}
	p.trouble.note(why.err(), s.producer.backoff)
	if why.code == lost && p.trouble.attempt == 1 {
		p.trouble.retry = p.trouble.since
	}
	for _, b := range p.batches[:p.sent] {
		if b.answer.code.newLeader() {
			p.leader = noLeader
		}
		if b.answer.code == unknownTopicOrPartition {
			p.acked = 0
		}
	}
	s.proceed(p)
}

// proceed starts a new round.
func (s *session) proceed(p *partition) {
	p.sent, p.again = 0, 0
	for p.again < len(p.batches) && p.batches[p.again].numbered {
		p.again++
	}
	if len(p.batches) > 0 {
		s.markReady(p)
		s.poke()
	}
}

// halve replaces a batch that is too large, or has a bad record that the broker does not name, by two. Together
// they have its sequence numbers.
func (s *session) halve(p *partition, b *batch) {
	half := b.count() / 2
	first, second := s.rebuild(b, b.index[:half]), s.rebuild(b, b.index[half:])
	for _, n := range []*batch{first, second} {
		n.numbered, n.epoch, n.sequence, n.maybe = true, b.epoch, b.sequence, b.maybe
	}
	if s.identity.id != noProducerID {
		second.sequence = (b.sequence + half) & math.MaxInt32
	}
	p.batches = slices.Replace(p.batches, 0, 1, first, second)
	s.proceed(p)
}

// refuseBatch makes the answer the permanent outcome of all records of b.
func (s *session) refuseBatch(p *partition, b *batch) {
	s.release(b, providers.Permanent(s.about(p, b.answer.err())))
	p.remove(1)
	s.renumber(p)
}

// dropRecords makes permanent refusals of the records that the broker names, and leaves the others.
func (s *session) dropRecords(p *partition, b *batch) {
	texts := make(map[int32]string)
	for _, r := range b.answer.refused {
		texts[r.place] = r.text
	}
	var rest []int32
	for place, message := range b.index {
		text, bad := texts[int32(place)]
		if !bad {
			rest = append(rest, message)
			continue
		}
		if text == "" {
			text = b.answer.text
		}
		err := s.about(p, &answerError{code: b.answer.code, text: text})
		b.flight.settle([]int32{message}, providers.Permanent(err))
	}
	p.remove(1)
	if len(rest) > 0 {
		n := s.rebuild(b, rest)
		n.maybe = b.maybe
		p.batches = slices.Insert(p.batches, 0, n)
	}
	s.renumber(p)
}

// rebuild encodes some messages of b anew.
func (s *session) rebuild(b *batch, index []int32) *batch {
	n := s.newBatch(b.part, b.flight, b.time)
	for _, message := range index {
		n.add(s.format, message, s.format.size(&b.flight.ms[message], len(n.index)))
	}
	n.seal(s.producer.codec, &s.producer.buffers)
	return n
}

// renumber closes the hole that a refused record leaves in the sequence numbers: the partition starts from zero
// under the next epoch. That is allowed because nothing of what is left was written.
func (s *session) renumber(p *partition) {
	p.trouble = trouble{}
	if s.identity.id == noProducerID {
		s.proceed(p)
		return
	}
	if p.epoch == math.MaxInt16 || p.mayBeWritten() {
		s.failPartition(p, errors.New("records after a refused one cannot be given new sequence numbers"))
		return
	}
	p.epoch++
	p.next = 0
	for _, b := range p.batches {
		b.numbered = false
	}
	s.proceed(p)
}

// failPartition ends p's part in the session, and the session with it once the others are settled.
func (s *session) failPartition(p *partition, err error) {
	p.failed = s.about(p, err)
	s.fail(p.failed)
}

// about says which partition err is about.
func (s *session) about(p *partition, err error) error {
	return fmt.Errorf("topic %s, partition %d: %w", p.topic.name, p.number, err)
}
