package providertest

import "github.com/evhub/evhub/providers"

// useCases are about what a healthy session does.
var useCases = []testCase{
	{
		name: "pipelined-use",
		rules: []string{
			"One goroutine calls Send and one other goroutine calls Wait, once for each flight, in the order of sending.",
		},
		check: func(p *probe) {
			s := p.open()
			ms := stream("a", 20, 0)
			for i, err := range s.deliver(ms...) {
				if err != nil {
					p.failf("%s of a healthy receiver: %v", ms[i].ID, err)
				}
			}
			if !p.eventually(func() bool { return len(p.received()) >= len(ms) }) {
				p.failf("the receiver has %q of %d messages", p.received(), len(ms))
			}
		},
	},
}

// stream returns n messages of one key.
func stream(key string, n, pad int) []providers.Message {
	var ms []providers.Message
	for i := range n {
		ms = append(ms, Message(key, i+1, pad))
	}
	return ms
}
