package amqp

import (
	"fmt"
	"strconv"
	"time"

	"github.com/evhub/evhub/providers"
)

// Config is one entry of the acct file. `connection`, `exchange`, `routing_key` and `timeout` have Idem's names and
// meaning.
type Config struct {
	Connection Connection `yaml:"connection" doc:"Where the broker is and how to log in."`
	Exchange   string     `yaml:"exchange" doc:"Exchange to publish to. It must exist; \"default\" is the default exchange of AMQP, which routes to the queue named like the routing key."`
	RoutingKey *string    `yaml:"routing_key" doc:"Routing key of every event. Without one it is the event's profile, and on the default exchange a durable queue of that name is declared if there is none."`
	Timeout    Seconds    `yaml:"timeout" doc:"Longest wait for a confirmation, in seconds or like 500ms. 0: the timeout of delivery."`
	Unroutable string     `yaml:"unroutable" doc:"What happens to an event that no queue takes: dead_letter or retry."`
	Persistent bool       `yaml:"persistent" doc:"Ask the broker to keep events on disk (delivery mode 2)."`
	Headers    bool       `yaml:"headers" doc:"Send the CloudEvents attributes as headers."`
}

// Connection says where the broker is, either with a URL or with its parts.
type Connection struct {
	URL              providers.Secret `yaml:"url" doc:"amqp://login:password@host:port/virtualhost or amqps://..., instead of host, port, login, password, virtualhost and ssl. Its query may hold heartbeat, name, cafile, certfile, keyfile and no_verify_ssl."`
	Host             string           `yaml:"host" doc:"Host of the broker. Default: localhost."`
	Port             int              `yaml:"port" doc:"Port of the broker. Default: 5672, with ssl 5671."`
	Login            string           `yaml:"login" doc:"User name. Default: guest."`
	Password         providers.Secret `yaml:"password" doc:"Password. Default: guest."`
	VirtualHost      string           `yaml:"virtualhost" doc:"Virtual host. Default: /."`
	SSL              bool             `yaml:"ssl" doc:"Encrypt the connection with TLS."`
	SSLOptions       SSLOptions       `yaml:"ssl_options" doc:"How to verify the broker and which certificate to show; needs ssl."`
	ClientProperties map[string]any   `yaml:"client_properties" doc:"Properties of the connection that the broker shows, such as connection_name."`
	Heartbeat        Seconds          `yaml:"heartbeat" doc:"Interval after which a silent broker is suspected, in seconds or like 10s; lost after twice that. 0: the broker's."`
}

// SSLOptions has the names of aio-pika.
type SSLOptions struct {
	CAFile      string           `yaml:"cafile" doc:"PEM file of the authorities to trust instead of the system's."`
	CertFile    string           `yaml:"certfile" doc:"PEM file of the client's certificate; needs keyfile."`
	KeyFile     string           `yaml:"keyfile" doc:"PEM file of the client's private key; needs certfile."`
	Password    providers.Secret `yaml:"password" doc:"Password of an encrypted keyfile."`
	NoVerifySSL Flag             `yaml:"no_verify_ssl" doc:"Accept any certificate. For tests alone: it gives up what TLS is for."`
	ServerName  string           `yaml:"server_name" doc:"Name to verify the broker's certificate against, if not the host's."`
}

const (
	defaultExchange = "default"
	deadLetter      = "dead_letter"
	retry           = "retry"
)

func defaults() Config {
	return Config{
		Exchange:   defaultExchange,
		Unroutable: deadLetter,
		Persistent: true,
		Headers:    true,
		Connection: Connection{Heartbeat: Seconds(10 * time.Second)},
	}
}

// exchange returns the name as the protocol has it.
func (c Config) exchange() string {
	if c.Exchange == defaultExchange {
		return ""
	}
	return c.Exchange
}

// profileKey reports whether the routing key is the event's profile. An explicit empty key means so too on the
// default exchange, where it could reach no queue.
func (c Config) profileKey() bool {
	return c.RoutingKey == nil || *c.RoutingKey == "" && c.exchange() == ""
}

// Seconds is a duration that may be written as a plain number of seconds, as Idem does, or with a unit.
type Seconds time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Seconds) UnmarshalText(text []byte) error {
	if n, err := strconv.ParseFloat(string(text), 64); err == nil && n >= 0 && n < 1e9 {
		*s = Seconds(n * float64(time.Second))
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fmt.Errorf("%q is not a duration; write seconds, or a number with a unit like 500ms or 30s", text)
	}
	*s = Seconds(d)
	return nil
}

// String returns the duration with its unit.
func (s Seconds) String() string { return time.Duration(s).String() }

// MarshalText implements encoding.TextMarshaler.
func (s Seconds) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Flag is a bool that may also be written as 0 or 1, as aio-pika does.
type Flag bool

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Flag) UnmarshalText(text []byte) error {
	b, err := strconv.ParseBool(string(text))
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	*f = Flag(b)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (f Flag) MarshalText() ([]byte, error) { return strconv.AppendBool(nil, bool(f)), nil }
