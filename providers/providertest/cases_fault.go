package providertest

import (
	"slices"

	"github.com/evhub/evhub/providers"
)

// faultCases are about what a session does after a message has failed.
var faultCases = []testCase{
	{
		name: "fail-stop",
		rules: []string{
			"A session is fail-stop: after an outcome that is neither delivered nor permanent it takes nothing more, and " +
				"every later flight fails.",
		},
		check: checkFailStop,
	},
	{
		name: "full-order-through-failure",
		rules: []string{
			"A session that declares order Full delivers, after such an outcome, no later message of the same ordering key.",
		},
		check: checkFullOrder,
	},
	{
		name:  "suffix-order-through-failure",
		rules: []string{"A session that declares order Suffix does so too, unless the broker refused a single message."},
		check: checkSuffixOrder,
	},
	{
		name: "no-retry",
		rules: []string{
			"A session does not retry, except to settle an unknown outcome where the protocol removes the duplicate.",
		},
		check: checkNoRetry,
	},
}

func checkFailStop(p *probe) {
	shown := false
	p.eachFault(allFaults, func(s *session, f fault) {
		first, later := Message("a", 1, 0), Message("b", 2, 0)
		f.script(first.ID)
		err := s.wait(patience, s.send(patience, first))
		if !unsettled(outcomes(err, 1)[0]) {
			return // settled by the protocol
		}
		shown = true
		if s.wait(patience, s.send(patience, later)) == nil {
			p.failf("after %s (%v) the session reported a later message delivered", f.name, err)
		}
		_ = s.close(soon)
		if p.has(later) {
			p.failf("after %s (%v) the receiver has a message that was sent later", f.name, err)
		}
	})
	if !shown {
		p.Skipf("no fault of the far end leaves an outcome that is neither delivered nor permanent")
	}
}

func checkFullOrder(p *probe) {
	p.declares(providers.Full)
	p.eachFault([]string{"Fail", "LoseMessage"}, p.nothingBehind)
}

// checkSuffixOrder leaves out Fail: the broker may refuse a single message.
func checkSuffixOrder(p *probe) {
	p.declares(providers.Suffix)
	p.eachFault([]string{"LoseMessage"}, p.nothingBehind)
}

// declares skips the case unless the provider declares that order.
func (p *probe) declares(order providers.Order) {
	p.Helper()
	p.open()
	if p.Caps.Order != order {
		p.Skipf("the provider declares order %v", p.Caps.Order)
	}
}

// nothingBehind looks for messages that overtook a failed one of their key.
func (p *probe) nothingBehind(s *session, f fault) {
	ms := interleaved(5, "a", "b")
	f.script(ms[2].ID)
	sent, errs := s.launch(patience, ms...)
	_ = s.close(soon)
	stored, missing := p.received(), map[string]string{}
	for i, m := range sent {
		has := slices.Contains(stored, m.ID)
		if before := missing[m.Key]; before != "" && has {
			p.failf("after %s of %s the receiver has %s, sent behind it, but not %s", f.name, ms[2].ID, m.ID, before)
			return
		}
		if !has && unsettled(errs[i]) {
			missing[m.Key] = m.ID
		}
	}
}

func checkNoRetry(p *probe) {
	p.eachFault(allFaults, func(s *session, f fault) {
		ms := stream("a", 4)
		f.script(ms[0].ID)
		_, errs := s.launch(patience, ms...)
		_ = s.close(soon)
		count := map[string]int{}
		for _, id := range p.received() {
			if count[id]++; count[id] == 2 {
				p.failf("after %s the receiver has %s twice", f.name, id)
			}
		}
		if f.name == "Fail" && errs[0] == nil && count[ms[0].ID] > 0 {
			p.failf("the receiver failed %s and has it: it was sent again", ms[0].ID)
		}
	})
}
