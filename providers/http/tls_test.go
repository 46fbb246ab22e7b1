package http_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/evhub/evhub/providers"
	evhttp "github.com/evhub/evhub/providers/http"
)

// authority issues certificates for 127.0.0.1.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	cert, err := x509.ParseCertificate(sign(t, template, template, &key.PublicKey, key))
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template, parent *x509.Certificate, pub *ecdsa.PublicKey, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// issue writes a certificate for ip, valid until expiry, and its key to the two files.
func (a authority) issue(t *testing.T, ip net.IP, expiry time.Time, certFile, keyFile string) {
	t.Helper()
	key := newKey(t)
	der := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{ip},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: expiry,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, &key.PublicKey, a.key)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, certFile, "CERTIFICATE", der)
	writePEM(t, keyFile, "PRIVATE KEY", keyDER)
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// secured is a server that shows a certificate and wants one, and a client's files that fit.
type secured struct {
	server   *httptest.Server
	ca       authority
	tls      providers.TLS
	requests chan *http.Request
}

func secure(t *testing.T, ip net.IP, expiry time.Time, http2 bool) secured {
	t.Helper()
	dir, ca := t.TempDir(), newAuthority(t)
	file := func(name string) string { return filepath.Join(dir, name) }
	writePEM(t, file("ca.pem"), "CERTIFICATE", ca.cert.Raw)
	ca.issue(t, ip, expiry, file("server.pem"), file("server.key"))
	ca.issue(t, net.IPv4(127, 0, 0, 1), time.Now().Add(time.Hour), file("client.pem"), file("client.key"))
	pair, err := tls.LoadX509KeyPair(file("server.pem"), file("server.key"))
	if err != nil {
		t.Fatal(err)
	}
	s := secured{ca: ca, requests: make(chan *http.Request, 100), tls: providers.TLS{
		CAFile: file("ca.pem"), CertFile: file("client.pem"), KeyFile: file("client.key"),
	}}
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { s.requests <- r }))
	s.server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	s.server.TLS.ClientCAs.AddCert(ca.cert)
	s.server.EnableHTTP2 = http2
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	return s
}

func (s secured) dial(t *testing.T) providers.Dial {
	return open(t, environment(providers.OrderKey), func(c *evhttp.Config) { c.URL, c.TLS = s.server.URL, s.tls })
}

var loopback = net.IPv4(127, 0, 0, 1)

func TestMutualTLS(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(name, func(t *testing.T) {
			far := secure(t, loopback, time.Now().Add(time.Hour), http2)
			s, err := far.dial(t)(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer closeSession(t, s)
			for _, err := range deliver(t, s, messages(3)...) {
				if err != nil {
					t.Error(err)
				}
			}
			if r := <-far.requests; r.Proto != name || len(r.TLS.PeerCertificates) != 1 {
				t.Errorf("the request came by %s with %d certificates", r.Proto, len(r.TLS.PeerCertificates))
			}
		})
	}
}

func TestDialRefusesAWrongServer(t *testing.T) {
	for name, far := range map[string]secured{
		"expired":    secure(t, loopback, time.Now().Add(-time.Hour), false),
		"other name": secure(t, net.IPv4(127, 0, 0, 9), time.Now().Add(time.Hour), false),
	} {
		if s, err := far.dial(t)(t.Context()); err == nil {
			closeSession(t, s)
			t.Errorf("%s: Dial succeeded", name)
		}
	}
	far, other := secure(t, loopback, time.Now().Add(time.Hour), false), newAuthority(t)
	writePEM(t, far.tls.CAFile, "CERTIFICATE", other.cert.Raw)
	dial := far.dial(t)
	if s, err := dial(t.Context()); err == nil {
		closeSession(t, s)
		t.Fatal("other authority: Dial succeeded")
	}
	writePEM(t, far.tls.CAFile, "CERTIFICATE", far.ca.cert.Raw)
	s, err := dial(t.Context())
	if err != nil {
		t.Fatalf("the file of authorities was mended, yet: %v", err)
	}
	closeSession(t, s)
}

// TestClientCertificateIsReadAtEachDial has a certificate that has expired and is then replaced.
func TestClientCertificateIsReadAtEachDial(t *testing.T) {
	far := secure(t, loopback, time.Now().Add(time.Hour), false)
	far.ca.issue(t, loopback, time.Now().Add(-time.Hour), far.tls.CertFile, far.tls.KeyFile)
	dial := far.dial(t)
	// With TLS 1.3 a client learns of the refusal after its own handshake: in Dial or with the first request.
	if s, err := dial(t.Context()); err == nil {
		if err := deliver(t, s, messages(1)...)[0]; err == nil || providers.IsPermanent(err) {
			t.Errorf("with an expired certificate: %v", err)
		}
		closeSession(t, s)
	}
	far.ca.issue(t, loopback, time.Now().Add(time.Hour), far.tls.CertFile, far.tls.KeyFile)
	s, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer closeSession(t, s)
	if err := deliver(t, s, messages(1)...)[0]; err != nil {
		t.Error(err)
	}
}

// TestGoAway has an HTTP/2 server that ends the connection after each answer.
func TestGoAway(t *testing.T) {
	far := secure(t, loopback, time.Now().Add(time.Hour), true)
	far.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close") // HTTP/2 servers of Go send GOAWAY for it
	})
	s, err := far.dial(t)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer closeSession(t, s)
	for i, err := range deliver(t, s, messages(5)...) {
		if err != nil {
			t.Errorf("message %d: %v", i, err)
		}
	}
}
