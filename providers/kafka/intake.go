package kafka

import (
	"fmt"
	"time"

	"github.com/evhub/evhub/providers"
)

// intake encodes the messages of f into batches and queues them. It fails only if the session takes nothing more,
// with all messages of f.
func (s *session) intake(f *flight) error {
	s.mu.Lock()
	err := s.failure
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.packer.begin(time.Now())
	for i := range f.ms {
		s.accept(f, int32(i))
	}
	batches := s.packer.finish()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enqueue(batches)
	return nil
}

// accept encodes one message, or leaves it with its topic if that was not found yet.
func (s *session) accept(f *flight, message int32) {
	t := s.fixed
	if t == nil {
		profile := f.ms[message].Profile
		if err := checkTopic(profile); err != nil {
			s.refuse(f, message, fmt.Errorf("the profile is the topic, and %w", err))
			return
		}
		if t = s.found(profile, f, message); t == nil {
			return
		}
	}
	if err := s.packer.add(t, f, message); err != nil {
		s.refuse(f, message, err)
	}
}

// found returns the topic with this name if its partitions are known. If not, the message waits with it.
func (s *session) found(name string, f *flight, message int32) *topic {
	if t := s.packer.last; t != nil && t.name == name {
		return t
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[name]
	if t == nil {
		t = s.newTopic(name)
	}
	if t.partitions != nil {
		return t
	}
	t.waiting = append(t.waiting, held{f, message})
	if s.over {
		t.drop(s.failure)
	}
	s.poke()
	return nil
}

// refuse makes err the permanent outcome of one message.
func (s *session) refuse(f *flight, message int32, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.settle([]int32{message}, providers.Permanent(err))
}

// enqueue adds new batches to their partitions. The caller holds mu.
func (s *session) enqueue(batches []*batch) {
	for _, b := range batches {
		p := b.part
		p.batches = append(p.batches, b)
		if s.over {
			p.drop(s.failure)
		} else {
			s.markReady(p)
		}
	}
}

// admit encodes the messages that waited for t, whose partitions have become known. The caller holds mu.
func (s *session) admit(t *topic) {
	k := packer{session: s}
	k.begin(time.Now())
	for _, h := range t.waiting {
		if err := k.add(t, h.flight, h.message); err != nil {
			h.flight.settle([]int32{h.message}, providers.Permanent(err))
		}
	}
	t.waiting, t.trouble = nil, trouble{}
	s.enqueue(k.finish())
}
