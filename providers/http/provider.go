// Package http delivers events to an HTTP endpoint, one request for each event.
//
// An event is delivered when the endpoint has answered its request with a 2xx status. Redirects are not followed and
// no cookies are kept. The event's ID travels as Idempotency-Key, by which a receiver recognises a duplicate; its
// CloudEvents attributes travel as ce- headers. Proxy variables of the environment are ignored unless `proxy: env`
// asks for them, and nothing of an event has a say in where it goes.
package http

import (
	"context"
	"errors"
	"net/http"

	"github.com/evhub/evhub/providers"
)

// Config is one entry of the acct file; its keys stand directly under the pattern.
type Config struct {
	URL         string                      `yaml:"url" doc:"Where to send events: an http or https URL, or the path of a unix socket (starting with / or .)."`
	Path        string                      `yaml:"path" doc:"Path and query of the request when url is a unix socket."`
	Method      string                      `yaml:"method" doc:"Request method: POST, PUT or PATCH."`
	Headers     map[string]providers.Secret `yaml:"headers" doc:"Headers to add to each request. They win over evhub's own."`
	Username    string                      `yaml:"username" doc:"User name for Basic authentication."`
	Password    providers.Secret            `yaml:"password" doc:"Password for Basic authentication."`
	Token       providers.Secret            `yaml:"token" doc:"Token for Bearer authentication."`
	TLS         providers.TLS               `yaml:"tls" doc:"How to verify an https endpoint, and a client certificate to show it."`
	Proxy       providers.Secret            `yaml:"proxy" doc:"URL of a proxy, or env for HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the environment. Empty: no proxy."`
	Concurrency int                         `yaml:"concurrency" doc:"Requests in flight at once with delivery order none; every other order has one."`
}

// shortFlight is the least limit of a flight's messages. A short one costs nothing, as the next flight is there
// already, and what is delivered is known sooner.
const shortFlight = 16

// Provider returns the provider "http".
func Provider() providers.Provider {
	return providers.Define(providers.Spec[Config]{
		Name:    "http",
		Doc:     "Sends each event in a request of its own to an HTTP endpoint; a 2xx answer means delivered.",
		Default: func() Config { return Config{Method: http.MethodPost, Concurrency: 8} },
		Caps: func(c Config) providers.Caps {
			return providers.Caps{Acked: true, Order: providers.Full, OneByOne: true, BatchMessages: max(shortFlight, c.Concurrency)}
		},
		Address: func(c Config) string {
			e, err := c.endpoint()
			if err != nil {
				return "invalid url"
			}
			return e.address()
		},
		Open: open,
	})
}

func open(c Config, env providers.Env) (providers.Dial, error) {
	client, err := c.client(env)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (providers.Session, error) { return client.dial(ctx) }, nil
}

// client checks the whole configuration and returns all mistakes at once.
func (c Config) client(env providers.Env) (*client, error) {
	endpoint, urlErr := c.endpoint()
	headers, headersErr := c.fixedHeaders()
	proxy, proxyErr := c.proxy()
	err := errors.Join(urlErr, headersErr, proxyErr, c.checkMethod(), c.checkConcurrency(), c.checkTLS(endpoint))
	if err != nil {
		return nil, err
	}
	secrets := c.secrets(headers)
	if len(headers["User-Agent"]) == 0 {
		headers.Set("User-Agent", userAgent())
	}
	return &client{
		endpoint: endpoint,
		method:   c.Method,
		headers:  headers,
		secrets:  secrets,
		tls:      c.TLS,
		proxy:    proxy,
		lanes:    c.lanes(env.Order),
		ordered:  env.Order != providers.OrderNone,
		timeout:  env.Timeout,
	}, nil
}

func (c Config) lanes(order providers.Ordering) int {
	if order == providers.OrderNone {
		return c.Concurrency
	}
	return 1
}

func (c Config) checkMethod() error {
	switch c.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		return nil
	}
	return providers.Invalid("method", "%q carries no event; use POST, PUT or PATCH", c.Method)
}

func (c Config) checkConcurrency() error {
	if c.Concurrency < 1 || c.Concurrency > 256 {
		return providers.Invalid("concurrency", "%d is out of range; give 1 to 256", c.Concurrency)
	}
	return nil
}

func (c Config) checkTLS(e endpoint) error {
	if e.url != nil && e.url.Scheme != "https" && c.TLS != (providers.TLS{}) {
		return providers.Invalid("tls", "the url is not https, so nothing would be encrypted; write https:// or remove tls")
	}
	return c.TLS.Check("tls")
}
