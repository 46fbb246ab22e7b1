package providers

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// TLS is the configuration of a TLS client. The files are read at each dial, so that rotated certificates are
// picked up without a restart. The zero value verifies against the system's roots.
type TLS struct {
	CAFile             string `yaml:"ca_file" doc:"PEM file of the authorities to trust instead of the system's."`
	CertFile           string `yaml:"cert_file" doc:"PEM file of the client's certificate; needs key_file."`
	KeyFile            string `yaml:"key_file" doc:"PEM file of the client's private key; needs cert_file."`
	Password           Secret `yaml:"password" doc:"Password of an encrypted key_file."`
	ServerName         string `yaml:"server_name" doc:"Name to verify the server's certificate against, if not the host's."`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify" doc:"Accept any certificate. For tests alone: it gives up what TLS is for."`
}

// Check returns the mistakes that show without reading a file. key is the path of the TLS section.
func (t TLS) Check(key string) error {
	if (t.CertFile == "") != (t.KeyFile == "") {
		return Invalid(key, "cert_file and key_file belong together; give both or none")
	}
	return nil
}

// Config reads the files and returns a client configuration for at least TLS 1.2.
func (t TLS) Config() (*tls.Config, error) {
	c := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         t.ServerName,
		InsecureSkipVerify: t.InsecureSkipVerify, //nolint:gosec // asked for by name in the user's file
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file %s: no PEM certificate in it", t.CAFile)
		}
	}
	if t.CertFile != "" {
		pair, err := t.keyPair()
		if err != nil {
			return nil, fmt.Errorf("cert_file %s, key_file %s: %w", t.CertFile, t.KeyFile, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func (t TLS) keyPair() (tls.Certificate, error) {
	cert, err := os.ReadFile(t.CertFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := os.ReadFile(t.KeyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	if !t.Password.IsZero() {
		if key, err = decryptKey(key, []byte(t.Password.Reveal())); err != nil {
			return tls.Certificate{}, err
		}
	}
	return tls.X509KeyPair(cert, key)
}
