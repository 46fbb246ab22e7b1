package kafka

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/evhub/evhub/providers"
)

// check returns everything that is wrong with a configuration, joined.
func check(c Config) error {
	n := c.Connection
	errs := []error{checkServers(n.BootstrapServers), checkTopics(c.Topics), checkSecurity(c)}
	if c.Partition != nil && *c.Partition < 0 {
		errs = append(errs, providers.Invalid("partition", "%d is no partition; they count from 0", *c.Partition))
	}
	if _, ok := codecOf(n.CompressionType); !ok {
		errs = append(errs, providers.Invalid("connection.compression_type",
			"%q is not known; use none, gzip, snappy, lz4 or zstd", n.CompressionType))
	}
	if n.MaxRequestSize < 1024 || n.MaxRequestSize > providers.GiB {
		errs = append(errs, providers.Invalid("connection.max_request_size", "%s is not between 1KiB and 1GiB", n.MaxRequestSize))
	}
	if len(n.ClientID) > 1024 {
		errs = append(errs, providers.Invalid("connection.client_id", "longer than 1024 bytes; shorten it"))
	}
	for _, ms := range []struct {
		key   string
		value int
	}{
		{"linger_ms", n.LingerMS}, {"connections_max_idle_ms", n.ConnectionsMaxIdleMS},
		{"retry_backoff_ms", n.RetryBackoffMS}, {"request_timeout_ms", n.RequestTimeoutMS},
	} {
		if ms.value < 0 {
			errs = append(errs, providers.Invalid("connection."+ms.key, "%d is negative; give milliseconds", ms.value))
		}
	}
	return errors.Join(errs...)
}

func checkServers(servers []string) error {
	if len(servers) == 0 {
		return providers.Invalid("connection.bootstrap_servers", "name at least one broker as host:port")
	}
	for _, s := range servers {
		host, port, err := net.SplitHostPort(withPort(s))
		if _, bad := netip.ParseAddr(host); err != nil || host == "" || port == "" || strings.Contains(host, ":") && bad != nil {
			return providers.Invalid("connection.bootstrap_servers", "%q is not host:port", s)
		}
	}
	return nil
}

func checkTopics(topics []string) error {
	for _, t := range topics {
		if err := checkTopic(t); err != nil {
			return &providers.ConfigError{Key: "topics", Err: err}
		}
	}
	return nil
}

// checkTopic says why name cannot be a topic.
func checkTopic(name string) error {
	legal := func(r rune) bool {
		return r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
	}
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("%q cannot be the name of a topic", name)
	case len(name) > 249:
		return fmt.Errorf("a topic's name has at most 249 characters, not %d", len(name))
	case strings.ContainsFunc(name, func(r rune) bool { return !legal(r) }):
		return fmt.Errorf("%q cannot be the name of a topic: letters, digits, '.', '_' and '-' alone are allowed", name)
	}
	return nil
}

func checkSecurity(c Config) error {
	n := c.Connection
	errs := []error{c.SSL.Check("ssl")}
	if n.SSLContext != "" {
		errs = append(errs, providers.Invalid("connection.ssl_context",
			"is a Python object that no file can hold; name the files under ssl: {ca_file, cert_file, key_file, password}"))
	}
	if n.SecurityProtocol != "" && !slices.Contains(securityProtocols, n.SecurityProtocol) {
		errs = append(errs, providers.Invalid("connection.security_protocol",
			"%q is not known; use %s", n.SecurityProtocol, strings.Join(securityProtocols, ", ")))
	}
	_, sasl := protocolOf(c)
	switch n.SASLMechanism {
	case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
		if sasl && n.SASLPlainUsername == "" {
			errs = append(errs, providers.Invalid("connection.sasl_plain_username", "is needed with security_protocol %s", n.SecurityProtocol))
		}
	case "GSSAPI", "OAUTHBEARER":
		if sasl {
			errs = append(errs, providers.Invalid("connection.sasl_mechanism",
				"%s needs a ticket or token service, which evhub does not speak to; use SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN", n.SASLMechanism))
		}
	default:
		errs = append(errs, providers.Invalid("connection.sasl_mechanism",
			"%q is not known; use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", n.SASLMechanism))
	}
	return errors.Join(errs...)
}

// warn logs which keys do not do what their names say.
func warn(c Config, log *slog.Logger) {
	n := c.Connection
	if n.LingerMS > 0 {
		log.Warn("kafka: connection.linger_ms has no effect: batches gather while requests are in flight; use delivery: {linger: " +
			strconv.Itoa(n.LingerMS) + "ms} to wait for more")
	}
	if n.APIVersion != "" && n.APIVersion != "auto" {
		log.Warn("kafka: connection.api_version has no effect: the version of each request is agreed with each broker")
	}
	encrypted, sasl := protocolOf(c)
	if !sasl && (n.SASLPlainUsername != "" || !n.SASLPlainPassword.IsZero()) {
		log.Warn("kafka: the login under connection is not used with security_protocol " + n.SecurityProtocol +
			"; use SASL_SSL or SASL_PLAINTEXT")
	}
	if encrypted && strings.HasSuffix(n.SecurityProtocol, "PLAINTEXT") {
		log.Warn("kafka: the connection is encrypted because ssl is given; set connection.security_protocol to say so")
	}
}

// withPort returns a broker's address with Kafka's usual port if it has none.
func withPort(server string) string {
	if _, _, err := net.SplitHostPort(server); err == nil {
		return server
	}
	return net.JoinHostPort(strings.Trim(server, "[]"), "9092")
}
