package providertest

import (
	"bytes"
	"errors"
	"slices"

	"github.com/evhub/evhub/providers"
)

// outcomeCases are about what a session says of each message.
var outcomeCases = []testCase{
	{
		name: "delivered-means-stored",
		rules: []string{
			"A message is reported delivered only when the broker has said that it has it (Caps.Acked), or when it was " +
				"written whole (not Acked).",
			"Wait blocks until each message of the flight has an outcome.",
			"Nil: all are delivered.",
		},
		check: checkDeliveredMeansStored,
	},
	{
		name: "outcome-for-each",
		rules: []string{
			"A *BatchError: one outcome for each message.",
			"Any other error: it is the outcome of all.",
		},
		check: checkOutcomeForEach,
	},
	{
		name:  "unsent-means-not-stored",
		rules: []string{"An error marked Unsent is returned only for a message that the broker surely has not."},
		check: checkUnsent,
	},
	{
		name:  "refusal-is-alone",
		rules: []string{"A permanent refusal concerns its own message alone: its neighbours are delivered."},
		check: checkRefusalIsAlone,
	},
	{
		name:  "send-returns-a-flight",
		rules: []string{"It does not return nil: what cannot be sent fails in Wait."},
		check: checkSendReturnsFlight,
	},
}

func checkDeliveredMeansStored(p *probe) {
	s := p.open()
	ms := stream("a", 12)
	p.deliveredAreStored(ms, s.deliver(ms...))
	if !p.Caps.Acked {
		return // written is delivered, whatever becomes of it
	}
	if p.canStall() {
		p.stall()
		if s.wait(moment, s.send(moment, Message("b", 1, 0))) == nil {
			p.failf("a message that the receiver has not answered is reported delivered")
		}
	}
	if !p.hasFault(allFaults) {
		return
	}
	p.eachFault(allFaults, func(s *session, f fault) {
		ms := stream("a", 4)
		f.script(ms[1].ID)
		p.deliveredAreStored(s.launch(patience, ms...))
	})
}

func (p *probe) deliveredAreStored(ms []providers.Message, errs []error) {
	for i, m := range ms {
		whole := func() bool {
			return slices.ContainsFunc(p.Far.Received(), func(b []byte) bool { return bytes.Equal(b, m.Body) })
		}
		if errs[i] == nil && !p.eventually(whole) {
			p.failf("%s is reported delivered, and the receiver does not have it", m.ID)
			return
		}
	}
}

func checkOutcomeForEach(p *probe) {
	p.eachFault(append([]string{"Refuse"}, allFaults...), func(s *session, f fault) {
		ms := pack(p.Caps, stream("a", 3))[0]
		f.script(ms[len(ms)/2].ID)
		err := s.wait(patience, s.send(patience, ms...))
		var batch *providers.BatchError
		if errors.As(err, &batch) && (len(batch.Errs) != len(ms) || len(batch.Unwrap()) == 0) {
			p.failf("after %s in a flight of %d the BatchError has %d outcomes, %d of them errors",
				f.name, len(ms), len(batch.Errs), len(batch.Unwrap()))
		}
		for i, err := range outcomes(err, len(ms)) {
			if providers.IsPermanent(err) && p.has(ms[i]) {
				p.failf("after %s the receiver has %s, and its outcome is permanent: %v", f.name, ms[i].ID, err)
			}
		}
	})
}

func checkUnsent(p *probe) {
	p.open()
	if !p.hasFault(allFaults) && !p.canStall() {
		p.Skipf("the far end of this provider has no Fail, LoseMessage, LoseAnswer or Stall")
	}
	if p.canStall() {
		s := p.open()
		release := p.stall()
		sent, errs := s.launch(moment, stream("a", 3)...)
		release()
		_ = s.close(soon)
		p.unsentAreNotStored("Stall", sent, errs)
	}
	if !p.hasFault(allFaults) {
		return
	}
	p.eachFault(allFaults, func(s *session, f fault) {
		ms := interleaved(4, "a", "b")
		f.script(ms[3].ID)
		sent, errs := s.launch(patience, ms...)
		_ = s.close(soon)
		p.unsentAreNotStored(f.name, sent, errs)
	})
}

func (p *probe) unsentAreNotStored(after string, ms []providers.Message, errs []error) {
	for i, m := range ms {
		if providers.IsUnsent(errs[i]) && p.has(m) {
			p.failf("after %s the receiver has %s, whose outcome is marked Unsent: %v", after, m.ID, errs[i])
			return
		}
	}
}

func checkRefusalIsAlone(p *probe) {
	p.eachFault([]string{"Refuse"}, func(s *session, f fault) {
		ms := stream("a", 4)
		f.script(ms[1].ID)
		errs := s.deliver(ms[:3]...)
		if !providers.IsPermanent(errs[1]) {
			p.failf("the outcome of a message that was refused for good is not permanent: %v", errs[1])
		}
		s.deliver(ms[3])
		for _, i := range []int{0, 2, 3} {
			if !p.arrives(ms[i]) {
				p.failf("the receiver does not have %s, a neighbour of the refused %s", ms[i].ID, ms[1].ID)
				return
			}
		}
		if p.has(ms[1]) {
			p.failf("the receiver has %s, which it refused", ms[1].ID)
		}
	})
}

func checkSendReturnsFlight(p *probe) {
	s := p.open()
	_ = s.close(moment)
	if s.nilFlight(false) {
		p.failf("Send returned nil after Close")
	}
	s = p.open()
	if s.nilFlight(true) {
		p.failf("Send returned nil after its ctx had ended")
	}
	if !p.hasFault(allFaults) {
		return
	}
	p.eachFault(allFaults, func(s *session, f fault) {
		m := Message("a", 1, 0)
		f.script(m.ID)
		_ = s.wait(patience, s.send(patience, m))
		if s.nilFlight(false) {
			p.failf("Send returned nil after %s", f.name)
		}
	})
}
