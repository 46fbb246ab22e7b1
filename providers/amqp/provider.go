package amqp

import (
	"cmp"
	"errors"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/evhub/evhub/providers"
)

const (
	// batchMessages times window messages may be unconfirmed. The client's bookkeeping of a confirmation for many
	// messages walks over all of them, so more would cost more than it gains.
	batchMessages = 500
	window        = 4
	// batchBytes bounds, with the window, what returned messages can hold.
	batchBytes = 1 << 20
	// maxShortString is the longest routing key, name or property of AMQP.
	maxShortString = 255
)

// Provider returns the AMQP 0-9-1 provider.
func Provider() providers.Provider {
	return providers.Define(providers.Spec[Config]{
		Name:    "amqp",
		Aliases: []string{"pika", "rabbitmq"},
		Doc: "Publishes to RabbitMQ and other AMQP 0-9-1 brokers: mandatory, with confirms. An event is delivered " +
			"when the broker has confirmed it; one that no queue takes is not.",
		Default: defaults,
		Caps: func(c Config) providers.Caps {
			return providers.Caps{
				Acked: true, Order: providers.Suffix,
				BatchMessages: batchMessages, BatchBytes: batchBytes, Window: window,
				NoAttrs: !c.Headers,
			}
		},
		Address: address,
		Open:    open,
	})
}

// address is the broker, the virtual host, and what is fixed of the route.
func address(c Config) string {
	e, err := c.Connection.endpoint()
	if err != nil {
		return "amqp://invalid"
	}
	where := e.String()
	if c.exchange() != "" || !c.profileKey() {
		where += "/" + url.PathEscape(c.Exchange)
	}
	if !c.profileKey() {
		where += "/" + url.PathEscape(*c.RoutingKey)
	}
	return where
}

func open(c Config, env providers.Env) (providers.Dial, error) {
	e, err := c.Connection.endpoint()
	properties, propertiesErr := clientProperties(c.Connection.ClientProperties)
	if err := errors.Join(err, propertiesErr, c.check()); err != nil {
		return nil, err
	}
	if properties["connection_name"] == nil {
		properties["connection_name"] = cmp.Or(e.name, "evhub "+env.Destination)
	}
	d := &dialer{
		endpoint:   e,
		properties: properties,
		logger:     env.Logger,
		route: route{
			exchange:   c.exchange(),
			profileKey: c.profileKey(),
			retry:      c.Unroutable == retry,
		},
		shape:       shape{persistent: c.Persistent, headers: c.Headers},
		timeout:     cmp.Or(time.Duration(c.Timeout), env.Timeout),
		dialTimeout: env.Timeout,
	}
	if c.RoutingKey != nil {
		d.route.key = *c.RoutingKey
	}
	return d.dial, nil
}

func (c Config) check() error {
	var errs []error
	if c.Unroutable != deadLetter && c.Unroutable != retry {
		errs = append(errs, providers.Invalid("unroutable", "%q is neither %s nor %s", c.Unroutable, deadLetter, retry))
	}
	if err := shortString(c.Exchange); err != nil {
		errs = append(errs, &providers.ConfigError{Key: "exchange", Err: err})
	}
	if c.RoutingKey != nil {
		if err := shortString(*c.RoutingKey); err != nil {
			errs = append(errs, &providers.ConfigError{Key: "routing_key", Err: err})
		}
	}
	return errors.Join(errs...)
}

func shortString(s string) error {
	if len(s) > maxShortString {
		return &tooLongError{len(s)}
	}
	if !utf8.ValidString(s) {
		return errors.New("is not valid UTF-8")
	}
	return nil
}
