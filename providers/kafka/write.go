package kafka

import (
	"fmt"
	"slices"
	"time"
)

// write sends as much of what is ready as connections and windows allow. The caller holds writing.
func (s *session) write() {
	acks, timeout := s.producer.config.Connection.Acks, s.producer.timeout
	for {
		r := s.next()
		if r == nil {
			return
		}
		for _, b := range r.batches {
			b.stamp(s.identity.id)
		}
		// The broker gives up waiting for replicas before we give up waiting for the broker.
		r.conn.encode(r, acks, timeout*2/3)
		err := r.conn.write(timeout)
		s.written(r, err)
		if err != nil {
			s.lose(r.conn, fmt.Errorf("writing: %w", err))
		}
	}
}

// next makes up the next request, or returns nil if there is none to be sent now.
func (s *session) next() *request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil
	}
	now := time.Now()
	var r *request
	limit := int(s.producer.config.Connection.MaxRequestSize)
	for _, p := range s.ready {
		if !s.sendable(p, now) {
			continue
		}
		c := s.connOf(p, now)
		if c == nil || len(c.pending) >= maxInFlight || r != nil && c != r.conn {
			continue
		}
		size := len(p.batches[p.sent].buf) + framing + len(p.topic.name)
		if r != nil && r.bytes+size > limit {
			continue
		}
		if r == nil {
			r = &request{conn: c}
		}
		r.bytes += size
		r.batches = append(r.batches, p.take())
	}
	if r == nil {
		return nil
	}
	s.ready = slices.DeleteFunc(s.ready, func(p *partition) bool {
		p.queued = p.sent < len(p.batches)
		return !p.queued
	})
	if s.fixed == nil {
		slices.SortStableFunc(r.batches, func(a, b *batch) int { return compareTopics(a.part.topic, b.part.topic) })
	}
	r.conn.link.serial++
	r.serial = r.conn.link.serial
	if s.producer.config.Connection.Acks != AcksNone {
		r.conn.pending = append(r.conn.pending, r)
	}
	return r
}

func compareTopics(a, b *topic) int {
	switch {
	case a.name < b.name:
		return -1
	case a.name > b.name:
		return 1
	}
	return 0
}

// written notes that the connection is through with r. Without acknowledgements that is its outcome.
func (s *session) written(r *request, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.written = time.Now()
	for _, b := range r.batches {
		b.busy = false
	}
	if s.producer.config.Connection.Acks == AcksNone {
		outcome := answer{}
		if err != nil {
			outcome = answer{code: lost, cause: fmt.Errorf("broker %s: writing: %w", r.conn.link.address, err)}
		}
		for _, b := range r.batches {
			s.note(b, outcome)
		}
	}
	if r.conn.gone || s.over || err != nil {
		return
	}
	if len(r.conn.pending) == 0 || r.conn.pending[0] == r {
		s.setReadDeadline(r.conn, r.written)
	}
}
