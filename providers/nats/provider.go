// Package nats delivers events to NATS: to a JetStream stream that acknowledges each, or, with `jetstream: false`, to
// whoever listens on the subject.
//
// With JetStream an event is delivered when a stream has stored it. Its ID travels as Nats-Msg-Id, with the subject
// behind it if the destination has one of its own, so that a stream drops what is sent again within its duplicate
// window. Without, an event is delivered when the server has read it.
// The event's CloudEvents attributes travel as ce- headers. Nothing is declared: streams are the user's.
package nats

import (
	"context"
	"errors"
	"strings"

	"github.com/evhub/evhub/providers"
)

// Config is one entry of the acct file; its keys stand directly under the pattern.
type Config struct {
	Servers     providers.Strings `yaml:"servers" doc:"Servers of one cluster, as nats://host:port or tls://host:port; tls:// refuses to go on without TLS."`
	Subject     string            `yaml:"subject" doc:"Subject to publish to. Empty: the event's profile."`
	JetStream   bool              `yaml:"jetstream" doc:"Wait for a stream to store each event. False: a delivery means that the server has read it, and nothing is kept for who does not listen."`
	Stream      string            `yaml:"stream" doc:"Stream that must exist and take the events. Empty: whichever has the subject."`
	Username    string            `yaml:"username" doc:"User name."`
	Password    providers.Secret  `yaml:"password" doc:"Password of username."`
	Token       providers.Secret  `yaml:"token" doc:"Token to log in with."`
	NKeySeed    providers.Secret  `yaml:"nkey_seed" doc:"Seed of the user's NKey (SU...)."`
	Credentials string            `yaml:"credentials" doc:"Path of a credentials file (JWT and NKey); read at each dial."`
	TLS         providers.TLS     `yaml:"tls" doc:"How to verify the servers, and a client certificate to show them. Anything given here makes TLS a must."`
}

// Provider returns the provider "nats".
func Provider() providers.Provider {
	return providers.Define(providers.Spec[Config]{
		Name:    "nats",
		Doc:     "Publishes events to NATS. With JetStream, delivered means stored by a stream; without, read by the server.",
		Default: func() Config { return Config{JetStream: true} },
		Caps: func(c Config) providers.Caps {
			return providers.Caps{Acked: c.JetStream, Order: providers.Suffix, BatchMessages: 1000}
		},
		Address: Config.address,
		Open:    open,
	})
}

func (c Config) address() string {
	var hosts []string
	for _, s := range c.Servers {
		u, err := parseServer(s)
		if err != nil {
			return "invalid servers"
		}
		hosts = append(hosts, u.Host)
	}
	address := "nats://" + strings.Join(hosts, ",")
	if c.Subject != "" {
		address += "/" + c.Subject
	}
	if c.Stream != "" {
		address += " (stream " + c.Stream + ")"
	}
	return address
}

func open(c Config, env providers.Env) (providers.Dial, error) {
	auth, authErr := c.authenticate()
	err := errors.Join(c.checkServers(), c.checkSubject(), c.checkStream(), authErr, c.TLS.Check("tls"))
	if err != nil {
		return nil, err
	}
	d := &destination{config: c, env: env, address: c.address(), auth: auth}
	return func(ctx context.Context) (providers.Session, error) { return d.dial(ctx) }, nil
}

func (c Config) checkSubject() error {
	if c.Subject == "" {
		return nil
	}
	if err := legalSubject(c.Subject); err != nil {
		return providers.Invalid("subject", "%w", err)
	}
	return nil
}

func (c Config) checkStream() error {
	switch {
	case c.Stream == "":
		return nil
	case !c.JetStream:
		return providers.Invalid("stream", "needs jetstream: true")
	case strings.ContainsAny(c.Stream, ".*>/\\") || strings.ContainsFunc(c.Stream, blank):
		return providers.Invalid("stream", "%q is no stream name; it may hold neither space nor . * > / \\", c.Stream)
	}
	return nil
}
