package nats

import (
	"errors"
	"net/url"
	"strings"

	"github.com/evhub/evhub/providers"
)

// parseServer reads one of servers. Its errors do not quote it, for it may hold a password.
func parseServer(server string) (*url.URL, error) {
	if !strings.Contains(server, "://") {
		server = "nats://" + server
	}
	u, err := url.Parse(server)
	switch {
	case err != nil:
		return nil, errors.New("cannot be parsed; write nats://host:port")
	case u.Scheme != "nats" && u.Scheme != "tls":
		return nil, errors.New("must start with nats:// or tls://")
	case u.Hostname() == "":
		return nil, errors.New("names no host")
	case u.User != nil:
		return nil, errors.New("holds a user name or token; give it in username, password or token instead, where it stays secret")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return nil, errors.New("has something behind the port; write nats://host:port")
	}
	if u.Port() == "" {
		u.Host += ":4222"
	}
	return u, nil
}

func (c Config) checkServers() error {
	if len(c.Servers) == 0 {
		return providers.Invalid("servers", "is missing; give at least one, such as nats://localhost:4222")
	}
	var errs []error
	secure := 0
	for i, s := range c.Servers {
		u, err := parseServer(s)
		if err != nil {
			errs = append(errs, providers.Invalid("servers", "number %d %w", i+1, err))
		} else if u.Scheme == "tls" {
			secure++
		}
	}
	if errs == nil && secure > 0 && secure < len(c.Servers) {
		errs = append(errs, providers.Invalid("servers", "mix tls:// and nats://; make TLS a must for all or for none"))
	}
	return errors.Join(errs...)
}

// wantsTLS reports whether a connection without TLS is to be refused.
func (c Config) wantsTLS() bool {
	return c.TLS != (providers.TLS{}) || len(c.Servers) > 0 && strings.HasPrefix(c.Servers[0], "tls://")
}
