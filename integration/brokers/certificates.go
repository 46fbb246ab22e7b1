package brokers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Certificates are files for TLS between a broker and its clients, made for one run.
type Certificates struct {
	// CA is the certificate that signed the others.
	CA string
	// ClientCert and ClientKey are what a client shows.
	ClientCert, ClientKey string

	server, serverKey string // server holds key and certificate
}

// newCertificates makes a CA, a server certificate for 127.0.0.1 and localhost, and a client certificate, in dir.
func newCertificates(dir string) (Certificates, error) {
	c := Certificates{
		CA:         filepath.Join(dir, "ca.pem"),
		ClientCert: filepath.Join(dir, "client.pem"), ClientKey: filepath.Join(dir, "client.key"),
		server: filepath.Join(dir, "server.pem"), serverKey: filepath.Join(dir, "server.key"),
	}
	ca, err := newIdentity("evhub test CA", nil)
	if err != nil {
		return c, err
	}
	server, err := newIdentity("localhost", ca)
	if err != nil {
		return c, err
	}
	client, err := newIdentity(User, ca)
	if err != nil {
		return c, err
	}
	for file, content := range map[string][]byte{
		c.CA: ca.certPEM, c.ClientCert: client.certPEM, c.ClientKey: client.keyPEM,
		c.server: append(server.keyPEM, server.certPEM...), c.serverKey: server.keyPEM,
	} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return c, err
		}
	}
	return c, nil
}

type identity struct {
	cert            *x509.Certificate
	key             *ecdsa.PrivateKey
	certPEM, keyPEM []byte
}

// newIdentity makes a key and a certificate signed by signer, or by itself as a CA if that is nil.
func newIdentity(name string, signer *identity) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	id := &identity{key: key}
	if signer == nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage |= x509.KeyUsageCertSign
		signer = &identity{cert: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, &key.PublicKey, signer.key)
	if err != nil {
		return nil, err
	}
	if id.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	id.certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	id.keyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	return id, nil
}
