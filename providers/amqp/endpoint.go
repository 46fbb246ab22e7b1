package amqp

import (
	"cmp"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/evhub/evhub/providers"
)

// endpoint is a Connection made definite: defaults filled in, the URL taken apart.
type endpoint struct {
	host, port  string
	login       string
	password    providers.Secret
	virtualHost string
	secure      bool
	tls         providers.TLS
	name        string // connection_name
	heartbeat   time.Duration
}

func (e endpoint) hostPort() string { return net.JoinHostPort(e.host, e.port) }

// String returns the address without login and password.
func (e endpoint) String() string {
	scheme := "amqp://"
	if e.secure {
		scheme = "amqps://"
	}
	return scheme + e.hostPort() + "/" + url.PathEscape(e.virtualHost)
}

func (c Connection) endpoint() (endpoint, error) {
	e := endpoint{
		login:       cmp.Or(c.Login, "guest"),
		password:    c.Password,
		host:        cmp.Or(c.Host, "localhost"),
		virtualHost: cmp.Or(c.VirtualHost, "/"),
		secure:      c.SSL,
		heartbeat:   time.Duration(c.Heartbeat),
		tls: providers.TLS{
			CAFile:             c.SSLOptions.CAFile,
			CertFile:           c.SSLOptions.CertFile,
			KeyFile:            c.SSLOptions.KeyFile,
			Password:           c.SSLOptions.Password,
			ServerName:         c.SSLOptions.ServerName,
			InsecureSkipVerify: bool(c.SSLOptions.NoVerifySSL),
		},
	}
	if c.Port < 0 || c.Port > 65535 {
		return e, providers.Invalid("connection.port", "%d is not a port", c.Port)
	}
	if c.Port > 0 {
		e.port = strconv.Itoa(c.Port)
	}
	if !c.URL.IsZero() {
		if err := c.useURL(&e); err != nil {
			return e, err
		}
	}
	if e.password.IsZero() {
		e.password = providers.NewSecret("guest")
	}
	if e.port == "" {
		e.port = defaultPort(e.secure)
	}
	return e, e.check()
}

func defaultPort(secure bool) string {
	if secure {
		return "5671"
	}
	return "5672"
}

func (e endpoint) check() error {
	if !e.secure && e.tls != (providers.TLS{}) {
		return providers.Invalid("connection.ssl_options", "the connection would not be encrypted; add ssl: true, or amqps:// in the url")
	}
	if (e.tls.CertFile == "") != (e.tls.KeyFile == "") {
		return providers.Invalid("connection.ssl_options", "certfile and keyfile belong together; give both or none")
	}
	if len(e.virtualHost) > maxShortString {
		return providers.Invalid("connection.virtualhost", "%d bytes are too long; AMQP allows %d", len(e.virtualHost), maxShortString)
	}
	return nil
}

// useURL takes the URL apart. No error quotes it: where an unencoded character of the password misleads the parser,
// any of its parts may hold a piece of the password.
func (c Connection) useURL(e *endpoint) error {
	if c.Host != "" || c.Port != 0 || c.Login != "" || !c.Password.IsZero() || c.VirtualHost != "" {
		return providers.Invalid("connection.url", "give either url, or host, port, login, password and virtualhost")
	}
	u, err := url.Parse(c.URL.Reveal())
	if err != nil || u.Fragment != "" || u.Opaque != "" || strings.Contains(u.EscapedPath(), "@") {
		return providers.Invalid("connection.url", "not a URL like amqp://login:password@host:5672/virtualhost; percent-encode special characters in login, password and virtual host")
	}
	switch {
	case u.Scheme == "amqps":
		e.secure = true
	case u.Scheme != "amqp":
		return providers.Invalid("connection.url", "the scheme must be amqp or amqps")
	case c.SSL:
		return providers.Invalid("connection.url", "it says amqp:// where ssl: true wants amqps://")
	}
	e.host = cmp.Or(u.Hostname(), "localhost")
	e.port = u.Port()
	e.login = cmp.Or(u.User.Username(), "guest")
	if password, ok := u.User.Password(); ok {
		e.password = providers.NewSecret(password)
	}
	e.virtualHost = cmp.Or(strings.TrimPrefix(u.Path, "/"), "/")
	return e.useQuery(u.Query())
}

// useQuery knows those parameters of aiormq that make sense here.
func (e *endpoint) useQuery(query url.Values) error {
	for key := range query {
		value := query.Get(key)
		switch key {
		case "heartbeat":
			var s Seconds
			if err := s.UnmarshalText([]byte(value)); err != nil {
				return providers.Invalid("connection.url", "heartbeat is not a number of seconds")
			}
			e.heartbeat = time.Duration(s)
		case "name":
			e.name = value
		case "cafile":
			e.tls.CAFile = value
		case "certfile":
			e.tls.CertFile = value
		case "keyfile":
			e.tls.KeyFile = value
		case "no_verify_ssl":
			e.tls.InsecureSkipVerify = value != "0"
		default:
			return providers.Invalid("connection.url", "its query has an unknown parameter; known are heartbeat, name, cafile, certfile, keyfile and no_verify_ssl")
		}
	}
	return nil
}
