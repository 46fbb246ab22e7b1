package kafka

import (
	"crypto/tls"
	"fmt"
	"os"
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
	ssl       SSL
	mechanism sasl.Mechanism // nil without SASL
}

// protocolOf says whether connections use TLS and SASL.
func protocolOf(c Config) (encrypted, withSASL bool) {
	p := c.Connection.SecurityProtocol
	encrypted = strings.HasSuffix(p, "SSL") || c.SSL != (SSL{})
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

// tls returns the part that all providers share.
func (s SSL) tls() providers.TLS {
	return providers.TLS{
		CAFile: s.CAFile, CertFile: s.CertFile, KeyFile: s.KeyFile,
		ServerName: s.ServerName, InsecureSkipVerify: s.InsecureSkipVerify,
	}
}

// config reads the files and returns a client configuration for a broker on host.
func (s SSL) config(host string) (*tls.Config, error) {
	shared := s.tls()
	encryptedKey := !s.Password.IsZero() && s.KeyFile != ""
	if encryptedKey {
		shared.CertFile, shared.KeyFile = "", ""
	}
	c, err := shared.Config()
	if err != nil {
		return nil, fmt.Errorf("ssl: %w", err)
	}
	if c.ServerName == "" {
		c.ServerName = host
	}
	if encryptedKey {
		pair, err := s.keyPair()
		if err != nil {
			return nil, fmt.Errorf("ssl: cert_file %s, key_file %s: %w", s.CertFile, s.KeyFile, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func (s SSL) keyPair() (tls.Certificate, error) {
	cert, err := os.ReadFile(s.CertFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	if key, err = decryptKey(key, []byte(s.Password.Reveal())); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}
