package zeromq

import (
	"context"
	"fmt"

	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/zeromq/internal/zmtp"
)

// Provider returns the provider "zeromq".
func Provider() providers.Provider {
	return providers.Define(providers.Spec[Config]{
		Name:    "zeromq",
		Aliases: []string{"zmq"},
		Doc: "Sends each event to a ZeroMQ socket: PUSH to PULL, as ansible-runner-zeromq does, or PUB to SUB. ZeroMQ acknowledges nothing: to a " +
			"PULL, delivered means that its socket has read the event (see confirm), and what its program has not taken out of the socket when " +
			"it dies is lost; if it lags behind, what came over a broken connection may be read after what came over the next. With PUB, written is delivered, events wait while nobody subscribes, and what no subscription matches is nobody's.",
		Default: func() Config { return Config{Socket: push, Confirm: true} },
		Caps: func(c Config) providers.Caps {
			caps := providers.Caps{
				Acked: c.Socket == push && c.Confirm, Order: providers.Full, NoAttrs: true,
				BatchMessages: 200, // a slow reader must get through a batch within the timeout
				BatchBytes:    4 << 20,
			}
			if c.asRunner {
				caps.Format = "raw"
			}
			return caps
		},
		Address: Config.address,
		Split:   Config.split,
		Open:    open,
	})
}

func open(c Config, env providers.Env) (providers.Dial, error) {
	e, err := c.check()
	if err != nil {
		return nil, err
	}
	d := &destination{config: c, endpoint: e, env: env}
	switch {
	case c.Bind:
		return d.bind, nil
	case c.Socket == pub:
		return d.publish, nil
	}
	return d.push, nil
}

// destination is what sessions are made from.
type destination struct {
	config   Config
	endpoint endpoint
	env      providers.Env
}

func (d *destination) role() zmtp.Role {
	r := zmtp.Role{Socket: "PUSH", Peers: []string{"PULL"}, Username: d.config.Username, Password: d.config.Password.Reveal()}
	if d.config.Socket == pub {
		r.Socket, r.Peers = "PUB", []string{"SUB", "XSUB"}
	}
	return r
}

// push connects to a PULL.
func (d *destination) push(ctx context.Context) (providers.Session, error) {
	conn, err := d.endpoint.dial(ctx)
	if err != nil {
		return nil, err
	}
	p, about, err := greet(ctx, conn, d.role())
	if err == nil && d.config.Confirm && about.Minor == 0 {
		p.stop(errClosed)
		err = errNoPing
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.endpoint, err)
	}
	return newPushSession(p, d.config.Confirm), nil
}
