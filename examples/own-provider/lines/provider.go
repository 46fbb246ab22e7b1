// Package lines is a provider outside of evhub: it sends each event as a line of text over a TCP or unix connection.
//
// A receiver says "ok" when it is ready. It then gets lines of the form "ID BODY" and answers each, in their order,
// with one line:
//
//	ok ID               it has the event
//	refused ID REASON   it will never take this event
//
// Anything else, or hanging up, means that it cannot go on: it has taken nothing from there on.
package lines

import (
	"context"
	"net"
	"strings"

	"github.com/evhub/evhub/providers"
)

// Config is one entry of the acct file.
type Config struct {
	Address string `yaml:"address" doc:"Where the receiver listens: host:port, or the path of a unix socket (starting with / or .)."`
}

// Provider returns the provider "lines", for hub.WithProviders.
func Provider() providers.Provider {
	return providers.Define(providers.Spec[Config]{
		Name:    "lines",
		Doc:     "Sends each event as a line of text to a receiver that answers each; its ok means delivered.",
		Caps:    func(Config) providers.Caps { return capabilities },
		Address: func(c Config) string { return c.Address },
		Open:    open,
	})
}

var capabilities = providers.Caps{
	Acked: true,
	Order: providers.Full, // a receiver that fails takes nothing more from the connection
	// Nobody reads the answers to a flight before it is sent, so they must fit into the connection's buffers.
	BatchMessages: 100,
}

func open(c Config, _ providers.Env) (providers.Dial, error) {
	network := "tcp"
	if strings.HasPrefix(c.Address, "/") || strings.HasPrefix(c.Address, ".") {
		network = "unix"
	} else if _, _, err := net.SplitHostPort(c.Address); err != nil {
		return nil, providers.Invalid("address", "want host:port, or the path of a unix socket: %w", err)
	}
	return func(ctx context.Context) (providers.Session, error) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, network, c.Address)
		if err != nil {
			return nil, err
		}
		s := newSession(conn)
		if err := s.greeting(ctx); err != nil {
			return nil, err
		}
		return s, nil
	}, nil
}
