package kafka

import (
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/evhub/evhub/providers"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

var securityProtocols = []string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}

// security is how connections are encrypted and who logs in on them.
type security struct {
	encrypted bool
	ssl       providers.TLS
	mechanism sasl.Mechanism // nil without SASL
}

// protocolOf says whether connections use TLS and SASL.
func protocolOf(c Config) (encrypted, withSASL bool) {
	p := c.Connection.SecurityProtocol
	encrypted = strings.HasSuffix(p, "SSL") || c.SSL != (providers.TLS{})
	withSASL = strings.HasPrefix(p, "SASL_") || p == "" && c.Connection.SASLPlainUsername != ""
	return encrypted, withSASL
}

func newSecurity(c Config) (security, error) {
	encrypted, withSASL := protocolOf(c)
	s := security{encrypted: encrypted, ssl: c.SSL}
	if !withSASL {
		return s, nil
	}
	user, password := c.Connection.SASLPlainUsername, c.Connection.SASLPlainPassword.Reveal()
	var err error
	switch c.Connection.SASLMechanism {
	case "SCRAM-SHA-256":
		s.mechanism, err = scram.Mechanism(scram.SHA256, user, password)
	case "SCRAM-SHA-512":
		s.mechanism, err = scram.Mechanism(scram.SHA512, user, password)
	default:
		s.mechanism = plain.Mechanism{Username: user, Password: password}
	}
	if err != nil {
		return s, providers.Invalid("connection.sasl_plain_password", "user name or password has characters that SCRAM does not allow")
	}
	return s, nil
}

// config reads the files and returns a client configuration for a broker on host.
func (s security) config(host string) (*tls.Config, error) {
	c, err := s.ssl.Config()
	if err != nil {
		return nil, fmt.Errorf("ssl: %w", err)
	}
	if c.ServerName == "" {
		c.ServerName = host
	}
	return c, nil
}
