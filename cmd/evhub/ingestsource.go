package main

import (
	"context"
	"sync/atomic"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/hub/runner"
	"github.com/evhub/evhub/internal/ingest"
)

// ingestSource reads events of Ansible Runner, those that were not put before.
type ingestSource struct {
	// stream or tail is what is read.
	stream *ingest.Stream
	tail   *ingest.Tail
	finite bool
	ledger *putLedger
	until  context.Context // ends the waiting for files
	again  atomic.Int64
}

func (s *ingestSource) complete() bool { return s.finite }

func (s *ingestSource) buffered() bool {
	if s.tail != nil {
		return s.tail.Ready()
	}
	return s.stream.Ready()
}

func (s *ingestSource) next() (line, error) {
	e, number, ok, err := s.read()
	if err != nil {
		return line{}, err
	}
	if !ok {
		return line{none: true}, nil
	}
	fresh, err := s.claim(e)
	if err != nil {
		return line{}, err
	}
	return line{number: number, event: e, none: !fresh}, nil
}

func (s *ingestSource) read() (e hub.Event, number int, ok bool, err error) {
	if s.tail == nil {
		return s.stream.Next()
	}
	e, ok, err = s.tail.Next(s.until)
	return e, 0, ok, err
}

func (s *ingestSource) counts() ingest.Counts {
	if s.tail != nil {
		return s.tail.Counts()
	}
	return s.stream.Counts()
}

// claim reports whether e was not put before. A status in a stream always counts: only its ident tells runs apart, and an
// ident may come again.
func (s *ingestSource) claim(e hub.Event) (fresh bool, err error) {
	if s.tail == nil && e.Profile == runner.StatusProfile {
		return true, nil
	}
	fresh, err = s.ledger.claim(e)
	if err == nil && !fresh {
		s.again.Add(1)
	}
	return fresh, err
}

// known reports whether the event of a run was put before, so that its file need not be read.
func (s *ingestSource) known(ident, id string) (bool, error) {
	known, err := s.ledger.has(ident, id)
	if known {
		s.again.Add(1)
	}
	return known, err
}
