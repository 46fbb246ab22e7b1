package kafka

import (
	"crypto/tls"

	"github.com/evhub/evhub/providers"
)

// LoadKeyPair reads a certificate and its encrypted key.
func LoadKeyPair(cert, key, password string) (tls.Certificate, error) {
	return SSL{CertFile: cert, KeyFile: key, Password: providers.NewSecret(password)}.keyPair()
}
