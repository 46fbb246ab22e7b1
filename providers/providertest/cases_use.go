package providertest

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/evhub/evhub/providers"
)

// useCases are about healthy sessions in use.
var useCases = []testCase{
	{
		name: "dial-again",
		rules: []string{
			"Dial opens a session.",
			"The engine calls it with backoff until it returns nil, and again after each session that failed.",
			"A Dial may keep a client, a login or a producer id from one session to the next; it is never called " +
				"again before the Close of the session it gave last has returned.",
		},
		check: checkDialAgain,
	},
	{
		name:  "dial-context",
		rules: []string{"ctx bounds the dialling alone."},
		check: checkDialContext,
	},
	{
		name: "send-and-wait-side-by-side",
		rules: []string{
			"One goroutine calls Send and one other goroutine calls Wait, once for each flight, in the order of sending.",
			"Send hands over messages in their order and returns the flight that carries them.",
		},
		check: checkSideBySide,
	},
	{
		name:  "send-awaits-no-answer",
		rules: []string{"It may block for room on the connection, never for answers."},
		check: checkSendAwaitsNoAnswer,
	},
	{
		name: "order",
		rules: []string{
			"Messages of a flight, and flights, of one ordering key are delivered in the order of sending (order Full, Suffix).",
		},
		check: checkOrder,
	},
	{
		name:  "messages-untouched",
		rules: []string{"Messages are neither changed nor kept after the Wait of their flight has returned."},
		check: checkMessagesUntouched,
	},
}

func checkDialAgain(p *probe) {
	s := p.open()
	for i := range 3 {
		m := Message("a", i+1, 0)
		if err := s.deliver(m)[0]; err != nil {
			p.failf("session %d, %s: %v", i+1, m.ID, err)
		}
		if i == 1 && p.Far.Cut != nil {
			p.Far.Cut()
		}
		_ = s.close(soon)
		var err error
		if s, err = p.tryDial(); err != nil {
			p.failf("Dial %d, after the Close of the session before: %v", i+2, err)
			return
		}
	}
}

func checkDialContext(p *probe) {
	p.Target = p.newTarget()
	ctx, cancel := context.WithTimeout(p.Context(), patience)
	defer cancel()
	got, err := p.Dial(ctx)
	if err != nil {
		p.Fatalf("Dial: %v", err)
	}
	cancel()
	s := p.adopt(got)
	tick := time.NewTicker(moment / 5) // the end of a ctx takes a while to get about
	defer tick.Stop()
	for i := range 3 {
		if err := s.deliver(Message("a", i+1, 0))[0]; err != nil {
			p.failf("a session whose dialling ctx has ended since fails: %v", err)
			break
		}
		<-tick.C
	}
	_ = s.close(soon)
	if !returns(soon, func() {
		if got, err := p.Dial(ctx); err == nil {
			p.adopt(got)
		}
	}) {
		p.failf("Dial with a ctx that has ended did not return within %v", soon)
	}
}

func checkSideBySide(p *probe) {
	s := p.open()
	ms := stream("a", 20)
	for i, err := range s.deliver(ms...) {
		if err != nil {
			p.failf("%s to a healthy receiver: %v", ms[i].ID, err)
			return
		}
	}
	if !p.canStall() || p.window() == 1 {
		return
	}
	p.stall()
	begin := time.Now()
	f := s.send(moment, Message("a", 21, 0))
	if time.Since(begin) >= moment {
		return // Send awaits answers: the fault of another case
	}
	if p.begun(func() { _ = s.wait(patience, f) }) && !returns(soon, func() { s.send(patience, Message("a", 22, 0)) }) {
		p.failf("Send did not return within %v while the Wait of an earlier flight ran", soon)
	}
}

func checkSendAwaitsNoAnswer(p *probe) {
	s := p.open()
	p.needStall()
	p.stall()
	for i := range p.window() {
		if !returns(soon, func() { s.send(patience, Message("a", i+1, 0)) }) {
			p.failf("Send %d did not return within %v while the receiver answered nothing", i+1, soon)
			return
		}
	}
}

func checkOrder(p *probe) {
	s := p.open()
	if p.Caps.Order == providers.None {
		p.Skipf("the provider declares order none")
	}
	var ms []providers.Message
	for i := range 12 {
		for k, key := range []string{"a", "b", "c"} {
			pad := 0
			if (i+k)%3 == 0 {
				pad = 20_000 // large and small ones may take different ways
			}
			ms = append(ms, Message(key, i+1, pad))
		}
	}
	s.deliver(ms...)
	p.arrives(ms[len(ms)-1])
	p.inOrder(ms)
}

// inOrder fails the case if messages of one key were stored in another order than that of ms. Second copies do not
// count.
func (p *probe) inOrder(ms []providers.Message) {
	place := map[string]int{}
	for i, m := range ms {
		place[m.ID] = i
	}
	last := map[string]string{}
	seen := map[string]bool{}
	for _, id := range p.received() {
		i, known := place[id]
		if !known || seen[id] {
			continue
		}
		seen[id] = true
		key := ms[i].Key
		if before := last[key]; before != "" && place[before] > i {
			p.failf("the receiver has stored %s before %s", before, id)
			return
		}
		last[key] = id
	}
}

func checkMessagesUntouched(p *probe) {
	s := p.open()
	ms, known := stream("a", 4), map[string]bool{}
	if most := p.Caps.BatchMessages; most > 0 {
		ms = ms[:min(len(ms), most)]
	}
	for _, m := range ms {
		known[string(m.Body)] = true
	}
	p.scribble(s, patience, ms)
	if p.canStall() {
		release := p.stall()
		m := Message("a", 9, 0)
		known[string(m.Body)] = true
		p.scribble(s, moment, []providers.Message{m})
		release()
	}
	_ = s.close(soon)
	p.eventually(func() bool { return len(p.Far.Received()) >= len(ms) })
	for _, b := range p.Far.Received() {
		if !known[string(b)] {
			p.failf("the receiver has stored %.80q, which nobody sent: the message was kept and has changed since", b)
		}
	}
}

// scribble sends ms, waits for d, looks for changes, and overwrites the messages as their owner may.
func (p *probe) scribble(s *session, d time.Duration, ms []providers.Message) {
	var before []providers.Message
	for _, m := range ms {
		m.Attrs, m.Body = slices.Clone(m.Attrs), bytes.Clone(m.Body)
		before = append(before, m)
	}
	f := s.sendAs(patience, ms)
	if errors.Is(s.wait(d, f), errHangs) {
		return // it may still read them; the fault of another case
	}
	for i := range ms {
		if !reflect.DeepEqual(before[i], ms[i]) {
			p.failf("the session changed %+v to %+v", before[i], ms[i])
		}
		clear(ms[i].Attrs)
		for j := range ms[i].Body {
			ms[i].Body[j] = '#'
		}
		ms[i] = providers.Message{}
	}
}
