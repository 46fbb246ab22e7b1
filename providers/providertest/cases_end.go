package providertest

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/goleak"

	"github.com/evhub/evhub/providers"
)

// endCases are about Close and about a ctx that ends.
var endCases = []testCase{
	{
		name:  "close-any-time",
		rules: []string{"Close may come at any time, also while Send or Wait runs."},
		check: checkCloseAnyTime,
	},
	{
		name: "close-ends-calls",
		rules: []string{
			"Close ends every Wait and every Send that is still running, and every later one returns at once with an error.",
		},
		check: checkCloseEndsCalls,
	},
	{
		name:  "close-twice",
		rules: []string{"Close may be called twice."},
		check: checkCloseTwice,
	},
	{
		name: "close-leaves-unknown",
		rules: []string{
			"What has no outcome by then is unknown; a polite farewell is made only as far as ctx allows.",
		},
		check: checkCloseLeavesUnknown,
	},
	{
		name: "close-leaves-nothing",
		rules: []string{
			"A session leaves no goroutine and no connection behind once Close has returned.",
			"Close releases everything the session holds and waits, until ctx ends, for what it started.",
		},
		check: checkCloseLeavesNothing,
	},
	{
		name:  "context-ends-calls",
		rules: []string{"Send, Wait and Close return soon after their ctx ends."},
		check: checkContextEndsCalls,
	},
	{
		name:  "context-leaves-unknown",
		rules: []string{"What has no outcome when ctx ends is unknown, and the session has failed."},
		check: checkContextLeavesUnknown,
	},
}

func checkCloseAnyTime(p *probe) {
	s := p.open()
	if p.canStall() {
		p.stall()
		f := s.send(moment, Message("a", 1, 0))
		if p.begun(func() { _ = s.wait(patience, f) }) {
			p.closes(s, "while Wait ran")
		}
		s = p.open()
	}
	if p.Far.Block != nil {
		p.hold(p.Far.Block)
		if p.begun(func() { s.send(patience, Message("a", 2, 0)) }) {
			p.closes(s, "while Send was blocked")
		}
		s = p.open()
	}
	sending := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 1000 {
			if s.deliver(Message("a", i+1, 0))[0] != nil {
				return
			}
			if i == 2 {
				close(sending)
			}
		}
	}()
	select {
	case <-sending:
	case <-done:
	}
	p.closes(s, "while Send and Wait were called in turns")
	<-done
}

// closes fails the case if Close does not return, or panics.
func (p *probe) closes(s *session, when string) {
	p.Helper()
	if err := s.close(moment); err != nil {
		p.failf("Close %s: %v", when, err)
	}
}

func checkCloseEndsCalls(p *probe) {
	s := p.open()
	if p.Far.Block != nil {
		p.hold(p.Far.Block)
		p.endsByClose(s, "Send", func() { s.send(2*patience, Message("a", 1, 0)) })
		s = p.open()
	}
	air := providers.Done(nil)
	if p.canStall() {
		p.stall()
		f := s.send(moment, Message("a", 1, 0))
		if p.window() > 1 {
			air = s.send(moment, Message("a", 2, 0))
		}
		p.endsByClose(s, "Wait", func() { _ = s.wait(2*patience, f) })
	} else {
		_ = s.close(moment)
	}
	if !returns(soon, func() { _ = s.wait(patience, air) }) {
		p.failf("a Wait after Close did not return within %v", soon)
	}
	var err error
	if !returns(soon, func() { err = s.wait(patience, s.send(patience, Message("a", 3, 0))) }) {
		p.failf("a Send after Close, or its Wait, did not return within %v", soon)
	} else if err == nil {
		p.failf("a message that was sent after Close is reported delivered")
	}
}

// endsByClose closes s while call runs and fails the case if that does not end call.
func (p *probe) endsByClose(s *session, name string, call func()) {
	p.Helper()
	ended := make(chan struct{})
	if !p.begun(func() {
		defer close(ended)
		call()
	}) {
		return
	}
	_ = s.close(moment)
	if !returns(soon, func() { <-ended }) {
		p.failf("a %s that ran when Close came did not return within %v", name, soon)
	}
}

func checkCloseTwice(p *probe) {
	s := p.open()
	s.deliver(Message("a", 1, 0))
	_ = s.close(soon)
	if err := s.close(soon); err != nil {
		p.failf("the second Close: %v", err)
	}
	s = p.open()
	s.closed = true
	var calls sync.WaitGroup
	for range 2 {
		twin := &session{Session: s.Session, probe: p}
		calls.Go(func() {
			if err := twin.close(soon); err != nil {
				p.failf("two calls of Close at once: %v", err)
			}
		})
	}
	calls.Wait()
}

func checkCloseLeavesUnknown(p *probe) {
	s := p.open()
	p.needStall()
	p.stall()
	f := s.send(moment, Message("a", 1, 0))
	_ = s.close(moment)
	switch err := outcomes(s.wait(moment, f), 1)[0]; {
	case err == nil:
		p.failf("the receiver had not answered when Close came, and the message is reported delivered")
	case providers.IsPermanent(err):
		p.failf("the receiver had not answered when Close came, and the outcome is a permanent refusal: %v", err)
	}
}

func checkCloseLeavesNothing(p *probe) {
	s := p.open()
	s.deliver(stream("a", 3)...)
	_ = s.close(patience)
	idle := func() bool { return p.Far.Connections == nil || p.Far.Connections() == 0 }
	if !p.eventually(idle) {
		p.failf("%d connections are open after Close", p.Far.Connections())
	}
	goroutines := goleak.IgnoreCurrent() // what Dial keeps is no session's
	s, err := p.tryDial()
	if err != nil {
		p.Skipf("no second session: %v", err)
	}
	s.deliver(stream("b", 3)...)
	if p.canStall() {
		release := p.stall()
		s.send(moment, Message("b", 4, 0))
		defer release()
	}
	_ = s.close(moment)
	var left error
	if !p.eventually(func() bool { left = goleak.Find(goroutines); return left == nil }) {
		p.failf("goroutines are left after Close: %v", left)
	}
	if !p.eventually(idle) {
		p.failf("%d connections are open after the Close of a session with a flight in the air", p.Far.Connections())
	}
}

func checkContextEndsCalls(p *probe) {
	s := p.open()
	ended, cancel := context.WithCancel(p.Context())
	cancel()
	if !returns(soon, func() { s.Send(ended, stream("a", 1)) }) {
		p.failf("Send with a ctx that has ended did not return within %v", soon)
	}
	s = p.open()
	if p.Far.Block != nil {
		release := p.hold(p.Far.Block)
		if !returns(moment+soon, func() { s.send(moment, Message("a", 2, 0)) }) {
			p.failf("Send did not return within %v after its ctx had ended", soon)
		}
		release()
		s = p.open()
	}
	if p.canStall() {
		p.stall()
		f := s.send(moment, Message("a", 3, 0))
		if err := s.wait(moment, f); errors.Is(err, errHangs) {
			p.failf("Wait did not return within %v after its ctx had ended", soon)
		}
	}
	s.closed = true
	if !returns(soon, func() { _ = s.Close(ended) }) {
		p.failf("Close with a ctx that has ended did not return within %v", soon)
	}
}

func checkContextLeavesUnknown(p *probe) {
	s := p.open()
	p.needStall()
	release := p.stall()
	f := s.send(moment, Message("a", 1, 0))
	begin := time.Now()
	err := outcomes(s.wait(moment, f), 1)[0]
	if providers.IsPermanent(err) {
		p.failf("the receiver had not answered after %v, and the outcome is a permanent refusal: %v", time.Since(begin), err)
	}
	release()
	if !unsettled(err) || errors.Is(err, errHangs) {
		return // the fault of another case
	}
	later := Message("a", 2, 0)
	if s.wait(patience, s.send(patience, later)) == nil {
		p.failf("the session took %s after a Wait whose ctx had ended", later.ID)
	}
	_ = s.close(soon)
	if p.has(later) {
		p.failf("the receiver has %s, which was sent after a Wait whose ctx had ended", later.ID)
	}
}
