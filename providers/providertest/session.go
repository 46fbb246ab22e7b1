package providertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evhub/evhub/providers"
)

var (
	errNilFlight = errors.New("nil flight")
	errHangs     = errors.New("the call did not return")
	errNoOutcome = errors.New("a BatchError of another length than the flight")
)

// session drives a session under test as the engine does. A call that hangs, panics or returns a nil flight ends like
// one that fails: each such fault concerns the one case that looks for it.
type session struct {
	providers.Session
	probe  *probe
	seq    uint64 // of the last message that send numbered
	closed bool
}

// send sends a copy of ms, numbered.
func (s *session) send(d time.Duration, ms ...providers.Message) providers.Flight {
	ms = slices.Clone(ms)
	for i := range ms {
		s.seq++
		ms[i].Seq = s.seq
	}
	return s.sendAs(d, ms)
}

// sendAs calls Send with a ctx of d and returns a flight in any case.
func (s *session) sendAs(d time.Duration, ms []providers.Message) providers.Flight {
	flight := providers.Done(errHangs)
	got := make(chan providers.Flight, 1)
	returns(d+soon, func() {
		ctx, cancel := context.WithTimeout(s.probe.Context(), d)
		defer cancel()
		got <- s.Send(ctx, ms)
	})
	select {
	case f := <-got:
		if flight = f; f == nil {
			flight = providers.Done(errNilFlight)
		}
	default:
	}
	return flight
}

// wait calls Wait with a ctx of d.
func (s *session) wait(d time.Duration, f providers.Flight) error {
	got := make(chan error, 1)
	returns(d+soon, func() {
		ctx, cancel := context.WithTimeout(s.probe.Context(), d)
		defer cancel()
		got <- f.Wait(ctx)
	})
	select {
	case err := <-got:
		return err
	default:
		return errHangs
	}
}

// close calls Close with a ctx of d. It returns errHangs if Close does not return soon after, and the value of a
// panic as an error; what Close itself returns counts for nothing.
func (s *session) close(d time.Duration) error {
	s.closed = true
	panicked := make(chan error, 1)
	done := returns(d+soon, func() {
		defer func() {
			if v := recover(); v != nil {
				panicked <- fmt.Errorf("panic: %v", v)
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.probe.Context()), d)
		defer cancel()
		_ = s.Close(ctx)
	})
	select {
	case err := <-panicked:
		return err
	default:
	}
	if !done {
		return errHangs
	}
	return nil
}

// deliver sends ms in flights as large and as many as the provider's Caps allow, while another goroutine waits for
// them in order, and returns the outcome of each message.
func (s *session) deliver(ms ...providers.Message) []error {
	type airborne struct {
		providers.Flight
		size int
	}
	air := make(chan airborne)
	room := make(chan struct{}, s.probe.window())
	go func() {
		defer close(air)
		for _, f := range pack(s.probe.Caps, ms) {
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

// launch sends ms in flights, as many as the window allows and all of them before the first Wait, then waits for
// each. It returns the messages that were sent and their outcomes.
func (s *session) launch(d time.Duration, ms ...providers.Message) ([]providers.Message, []error) {
	var air []providers.Flight
	flights := pack(s.probe.Caps, ms)
	flights = flights[:min(len(flights), s.probe.window())]
	for _, f := range flights {
		air = append(air, s.send(d, f...))
	}
	var errs []error
	for i, f := range air {
		errs = append(errs, outcomes(s.wait(d, f), len(flights[i]))...)
	}
	return ms[:len(errs)], errs
}

// window is how many flights the suite has in the air.
func (p *probe) window() int {
	if p.Caps.Window == 0 {
		return 4
	}
	return min(p.Caps.Window, 4)
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

// nilFlight reports whether a Send, with a ctx that has ended or not, returns nil.
func (s *session) nilFlight(ended bool) bool {
	ctx, cancel := context.WithTimeout(s.probe.Context(), moment)
	defer cancel()
	if ended {
		cancel()
	}
	got := make(chan bool, 1)
	returns(moment+soon, func() { got <- s.Send(ctx, stream("z", 1)) == nil })
	select {
	case isNil := <-got:
		return isNil
	default:
		return false
	}
}
