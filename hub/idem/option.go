package idem

// Option changes an event from what this package makes by default.
type Option func(*choices)

type choices struct {
	asSent          bool
	keepCredentials bool
}

// AsSent makes an event as Idem 25 really sends it, where that is not what its documents say. Each function that it
// changes says how.
func AsSent() Option { return func(c *choices) { c.asSent = true } }

// KeepCredentials leaves the decrypted credentials, ctx.acct, in the chunks of Low and Chunk, as Idem does. Whoever reads
// the event then reads them.
func KeepCredentials() Option { return func(c *choices) { c.keepCredentials = true } }

func chosen(opts []Option) choices {
	var c choices
	for _, o := range opts {
		o(&c)
	}
	return c
}
