package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/evhub/evhub/internal/server"
)

// certificate returns one for 127.0.0.1, and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// TestTLSIsForTCPAlone checks that a client over TCP needs TLS, and one over the socket none.
func TestTLSIsForTCPAlone(t *testing.T) {
	cert, pool := certificate(t)
	r := serve(t, server.Options{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	r.tcp.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool}
	do(t, r.tcp, request(t, http.MethodPost, r.url+"/v1/events", asJSON, one)).want(t, 200)
	r.post(t, "/v1/events", asJSON, one).want(t, 200)
	plain, err := r.tcp.Do(request(t, http.MethodPost, "http"+r.url[len("https"):]+"/v1/events", asJSON, one))
	if err == nil {
		_ = plain.Body.Close()
	}
	if err == nil && plain.StatusCode == 200 || r.Counts().Accepted != 2 {
		t.Errorf("without TLS: %v, %v", plain, err)
	}
}
