package providertest

import (
	"context"
	"errors"
	"time"

	"github.com/evhub/evhub/providers"
)

var errNilFlight = errors.New("Send returned a nil flight")

// session drives a session under test as the engine does.
type session struct {
	providers.Session
	probe  *probe
	closed bool
}

// send calls Send and gives up after d. A nil flight becomes one that fails, so that only one case stumbles over it.
func (s *session) send(d time.Duration, ms ...providers.Message) providers.Flight {
	s.probe.Helper()
	ctx, cancel := context.WithTimeout(s.probe.Context(), d)
	defer cancel()
	f := s.Send(ctx, ms)
	if f == nil {
		return providers.Done(errNilFlight)
	}
	return f
}

// deliver sends ms in flights as large and as many as the provider's Caps allow, waits for them in order, and returns
// the outcome of each message.
func (s *session) deliver(ms ...providers.Message) []error {
	s.probe.Helper()
	flights := pack(s.probe.Caps, ms)
	window := s.probe.Caps.Window
	if window == 0 {
		window = 4
	}
	type airborne struct {
		providers.Flight
		size int
	}
	air := make(chan airborne, len(flights))
	room := make(chan struct{}, window)
	go func() {
		defer close(air)
		for _, f := range flights {
			room <- struct{}{}
			air <- airborne{s.send(patience, f...), len(f)}
		}
	}()
	var errs []error
	for f := range air {
		errs = append(errs, outcomes(s.wait(patience, f), f.size)...)
		<-room
	}
	return errs
}

// wait calls Wait with a ctx of d.
func (s *session) wait(d time.Duration, f providers.Flight) error {
	ctx, cancel := context.WithTimeout(s.probe.Context(), d)
	defer cancel()
	return f.Wait(ctx)
}

// close calls Close with a ctx of d and reports whether it returned soon after.
func (s *session) close(d time.Duration) bool {
	s.closed = true
	return returns(d+soon, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.probe.Context()), d)
		defer cancel()
		_ = s.Close(ctx)
	})
}

// pack cuts ms into flights within caps.
func pack(caps providers.Caps, ms []providers.Message) [][]providers.Message {
	most := caps.BatchMessages
	if most == 0 {
		most = 5
	}
	var flights [][]providers.Message
	size := 0
	for start := 0; start < len(ms); {
		end := start
		for size = 0; end < len(ms) && end-start < most; end++ {
			size += len(ms[end].Body)
			if end > start && caps.BatchBytes > 0 && size > caps.BatchBytes {
				break
			}
		}
		flights = append(flights, ms[start:end:end])
		start = end
	}
	return flights
}
