package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/segmentio/kafka-go/protocol"
)

// read takes the answers of one connection until it ends.
func (s *session) read(c *conn) {
	var frame []byte
	for {
		err := s.await(c)
		if err == nil {
			frame, err = c.link.frame(frame)
		}
		if err == nil {
			err = s.take(c, frame)
		}
		if err != nil {
			s.lose(c, err)
			return
		}
	}
}

// await returns when an answer has begun to arrive.
func (s *session) await(c *conn) error {
	for {
		head, err := c.link.reader.Peek(4)
		switch {
		case err == nil:
			if size := int(binary.BigEndian.Uint32(head)); c.link.reader.Buffered() < size+4 {
				c.link.SetReadDeadline(time.Now().Add(s.producer.timeout))
			}
			return nil
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
		if err := s.overdue(c); err != nil {
			return err
		}
	}
}

// overdue is asked after the read deadline: it moves it, or says why the connection is given up.
func (s *session) overdue(c *conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, timeout := time.Now(), s.producer.timeout
	if len(c.pending) == 0 {
		return errIdle
	}
	since := c.pending[0].written
	if since.IsZero() {
		// Still being written, which has a deadline of its own.
		since = now
	}
	if c.answered.After(since) {
		since = c.answered
	}
	if now.Sub(since) >= timeout {
		return fmt.Errorf("no answer within %s", timeout)
	}
	c.link.SetReadDeadline(since.Add(timeout))
	return nil
}

// take notes what an answer says about each batch of the oldest request.
func (s *session) take(c *conn, frame []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(c.pending) == 0 {
		return errors.New("an answer that nothing was asked for")
	}
	r := c.pending[0]
	answers, err := decodeAnswers(frame, r.serial, c.link.versions[protocol.Produce])
	if err != nil {
		return err
	}
	for _, b := range r.batches {
		a, ok := answers.of(b.part.topic.name, b.part.number)
		if !ok {
			return fmt.Errorf("an answer without topic %s, partition %d", b.part.topic.name, b.part.number)
		}
		s.note(b, a)
	}
	c.pending = append(c.pending[:0], c.pending[1:]...)
	c.answered = time.Now()
	s.setReadDeadline(c, c.answered)
	if len(s.ready) > 0 || s.failure != nil {
		s.poke()
	}
	return nil
}
