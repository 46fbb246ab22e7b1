package kafka

import (
	"fmt"
	"strings"
	"time"

	"github.com/evhub/evhub/providers"
)

// Config is one entry of the acct file. The keys are those of Idem's Kafka plugin; headers is ours.
type Config struct {
	Topics     providers.Strings `yaml:"topics" doc:"Topics to send to, each a destination of its own. Without any, the event's profile is the topic."`
	Key        *string           `yaml:"key" doc:"Key of every record. Without it, the event's own key, if it has one."`
	Partition  *int              `yaml:"partition" doc:"Partition of every record. Without it, the one that the key's murmur2 hash picks, as Java's producer does; without a key, the profile's hash."`
	Headers    bool              `yaml:"headers" doc:"Send the event's CloudEvents attributes as ce_ headers, with content-type and message_uuid."`
	Connection Connection        `yaml:"connection" doc:"How to reach the cluster."`
	SSL        providers.TLS     `yaml:"ssl" doc:"Files for TLS. Given, the connection is encrypted whatever security_protocol says. The server's name is verified, which Idem does not do."`
}

// Connection holds the parameters of Idem's producer under their names. Times are in milliseconds, sizes in bytes.
type Connection struct {
	BootstrapServers     providers.Strings `yaml:"bootstrap_servers" doc:"Brokers to ask for the rest of the cluster, as host:port; the port is 9092 if left out."`
	ClientID             string            `yaml:"client_id" doc:"Name that brokers show in logs and quotas."`
	Acks                 Acks              `yaml:"acks" doc:"Copies that count as delivered: all (or -1) in-sync replicas, 1 for the leader alone, 0 for none. Only all is free of duplicates."`
	CompressionType      string            `yaml:"compression_type" doc:"none, gzip, snappy, lz4 or zstd."`
	MaxBatchSize         providers.Size    `yaml:"max_batch_size" doc:"Most bytes of one batch before compression; 0 means as much as max_request_size allows."`
	LingerMS             int               `yaml:"linger_ms" doc:"Has no effect: batches gather while requests are in flight. Use delivery: {linger: 5ms} to wait for more."`
	ConnectionsMaxIdleMS int               `yaml:"connections_max_idle_ms" doc:"Close a connection that was not used for so long; the next event opens it again. 0 means never."`
	MaxRequestSize       providers.Size    `yaml:"max_request_size" doc:"Most bytes of one request. A larger event is refused without being sent."`
	RetryBackoffMS       int               `yaml:"retry_backoff_ms" doc:"First pause before a batch is sent again; it doubles up to one second."`
	RequestTimeoutMS     int               `yaml:"request_timeout_ms" doc:"Longest wait for a broker's answer before the connection is given up; 0 means half of delivery's timeout, more than three quarters count as these, since the rest is needed to find out what the broker has."`
	SecurityProtocol     string            `yaml:"security_protocol" doc:"PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL. Without it, TLS if ssl is given and SASL if a user name is."`
	SSLContext           string            `yaml:"ssl_context" doc:"Refused: it is a Python object. Name the files under ssl instead."`
	APIVersion           string            `yaml:"api_version" doc:"Has no effect: the version of each request is agreed with each broker."`
	SASLMechanism        string            `yaml:"sasl_mechanism" doc:"PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."`
	SASLPlainUsername    string            `yaml:"sasl_plain_username" doc:"User name for all SASL mechanisms."`
	SASLPlainPassword    providers.Secret  `yaml:"sasl_plain_password" doc:"Password for all SASL mechanisms."`
}

// Default returns the configuration that an entry starts from.
func Default() Config {
	return Config{
		Headers: true,
		Connection: Connection{
			BootstrapServers:     providers.Strings{"localhost:9092"},
			ClientID:             "evhub",
			Acks:                 AcksAll,
			CompressionType:      "none",
			ConnectionsMaxIdleMS: 540_000,
			MaxRequestSize:       providers.MiB,
			RetryBackoffMS:       100,
			APIVersion:           "auto",
			SASLMechanism:        "PLAIN",
		},
	}
}

// topic returns the topic that all events go to, or "" if each goes to that of its profile.
func (c Config) topic() string {
	if len(c.Topics) == 0 {
		return ""
	}
	return c.Topics[0]
}

// timeout returns the longest wait for one answer of a broker. It leaves some of the engine's to settle what the
// answer would have said.
func (c Config) timeout(env providers.Env) time.Duration {
	if ms := c.Connection.RequestTimeoutMS; ms > 0 {
		return min(time.Duration(ms)*time.Millisecond, env.Timeout*3/4)
	}
	return env.Timeout / 2
}

// Acks says how many copies of a record must exist before it counts as delivered.
type Acks int16

// The values that Kafka knows.
const (
	AcksAll    Acks = -1
	AcksNone   Acks = 0
	AcksLeader Acks = 1
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Acks) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "all", "-1":
		*a = AcksAll
	case "1":
		*a = AcksLeader
	case "0":
		*a = AcksNone
	default:
		return fmt.Errorf("%q is not a number of acknowledgements; write all, 1 or 0", text)
	}
	return nil
}

// String returns the value as it is written in a file.
func (a Acks) String() string {
	if a == AcksAll {
		return "all"
	}
	return fmt.Sprint(int16(a))
}

// MarshalText implements encoding.TextMarshaler.
func (a Acks) MarshalText() ([]byte, error) { return []byte(a.String()), nil }
