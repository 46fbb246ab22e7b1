package zeromq

import (
	"errors"
	"os"
	"strings"

	"github.com/evhub/evhub/providers"
)

// Config is one entry of the acct file; its keys stand directly under the pattern.
type Config struct {
	Endpoints       providers.Strings `yaml:"endpoints" doc:"Where to: tcp://host:port or ipc:///path. Several are one destination each, and each gets every event."`
	RunnerSocketURL providers.Strings `yaml:"runner_socket_url" doc:"As endpoints, under the name that ansible-runner-zeromq has for it. With it, or with neither, $RUNNER_SOCKET_URL wins over the file, and format is raw unless given."`
	Socket          string            `yaml:"socket" doc:"push: to a PULL socket. pub: to SUB sockets."`
	Bind            bool              `yaml:"bind" doc:"Wait for connections at the endpoint, in place of connecting to it; tcp://*:5556 is every address of the machine. For pub alone."`
	Confirm         bool              `yaml:"confirm" doc:"Ask a PULL with a PING behind each batch; delivered then means that its socket has read the event, and the peer must speak ZMTP 3.1 (libzmq 4.3.3). False, and always with pub: written is delivered."`
	Topic           string            `yaml:"topic" doc:"With pub, a frame before the body, for subscribers to select by; {profile} in it stands for the event's profile. Empty: none, subscriptions are compared with the body."`
	Username        string            `yaml:"username" doc:"User name for the mechanism PLAIN, at most 255 bytes. Empty: the mechanism NULL."`
	Password        providers.Secret  `yaml:"password" doc:"Password of username. PLAIN sends it in clear."`

	// asRunner: the entry speaks of itself as ansible-runner-zeromq does.
	asRunner bool
}

// The values of Config.Socket.
const (
	push = "push"
	pub  = "pub"
)

// runnerVariable is where ansible-runner-zeromq finds its endpoint.
const runnerVariable = "RUNNER_SOCKET_URL"

// split gives each endpoint a configuration of its own, whose Endpoints has it. What open refuses stays in one.
func (c Config) split() []Config {
	if c.Endpoints != nil && c.RunnerSocketURL != nil {
		return []Config{c}
	}
	all := c.Endpoints
	if c.Endpoints == nil {
		c.asRunner = true
		all, c.RunnerSocketURL = c.RunnerSocketURL, nil
		if url := os.Getenv(runnerVariable); url != "" {
			all = providers.Strings{url}
		}
	}
	if len(all) == 0 {
		return []Config{c}
	}
	var each []Config
	for _, e := range all {
		c.Endpoints = providers.Strings{e}
		each = append(each, c)
	}
	return each
}

// address is the endpoint and the kind of socket.
func (c Config) address() string {
	if len(c.Endpoints) != 1 {
		return "no endpoint"
	}
	e, err := parseEndpoint(c.Endpoints[0], c.Bind)
	if err != nil {
		return "invalid endpoint"
	}
	return e.String()
}

// check returns the endpoint, or all mistakes at once.
func (c Config) check() (endpoint, error) {
	var e endpoint
	var errs []error
	refuse := func(key, format string, args ...any) { errs = append(errs, providers.Invalid(key, format, args...)) }
	if c.RunnerSocketURL != nil {
		refuse("runner_socket_url", "means the same as endpoints; give one of them")
	}
	if len(c.Endpoints) == 0 {
		refuse("endpoints", "needs an endpoint, such as tcp://localhost:5555")
	} else {
		var err error
		if e, err = parseEndpoint(c.Endpoints[0], c.Bind); err != nil {
			refuse("endpoints", "%w", err)
		}
	}
	if c.Socket != push && c.Socket != pub {
		refuse("socket", "%q is neither push nor pub", c.Socket)
	}
	if c.Socket == push && c.Bind {
		refuse("bind", "is for socket: pub; a push connects to the PULL that binds")
	}
	if c.Socket == push && c.Topic != "" {
		refuse("topic", "is for socket: pub; a PULL takes everything")
	}
	if c.Username != "" && c.Bind {
		refuse("username", "is for sockets that connect; what binds asks nobody for a password")
	}
	if len(c.Username) > maxCredential || len(c.Password.Reveal()) > maxCredential {
		refuse("username", "and password are at most %d bytes long each", maxCredential)
	}
	if c.Username == "" && !c.Password.IsZero() {
		refuse("password", "means nothing without username; give both or none")
	}
	return e, errors.Join(errs...)
}

// maxCredential is what one byte of length allows.
const maxCredential = 255

// topicOf returns the first frame for m.
func (c Config) topicOf(m *providers.Message) string {
	return strings.ReplaceAll(c.Topic, "{profile}", m.Profile)
}
