//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newCertificate makes a certificate for 127.0.0.1 with a serial number, and returns it and its key, in PEM.
func newCertificate(t *testing.T, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

// serial returns the number of the certificate that a daemon shows.
func serial(t *testing.T, url string) int64 {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), &tls.Config{InsecureSkipVerify: true}) // it is looked at
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// TestServeReloadsTheCertificate checks that a new certificate is shown after SIGHUP, and that a reload takes all or nothing.
func TestServeReloadsTheCertificate(t *testing.T) {
	acctFile, events := toFile(t, "raw")
	cert, key := newCertificate(t, 1)
	certFile, keyFile := write(t, "cert.pem", cert), write(t, "key.pem", key)
	p := startServing(t, "-f", acctFile, "--no-journal", socket(t), "--listen", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile)
	expect := func(said string, number int64) {
		t.Helper()
		p.signal(t, syscall.SIGHUP)
		if got := p.line(t); got != said+" "+acctFile {
			t.Errorf("said %q, want %q", got, said)
		}
		if got := serial(t, p.sockets[1]); got != number {
			t.Errorf("shows certificate %d, want %d", got, number)
		}
	}
	expect("reloaded", 1)
	good := read(t, acctFile)
	rewrite(t, certFile, "no certificate")
	rewrite(t, acctFile, strings.ReplaceAll(good, events, events+".next"))
	expect("reload failed", 1)
	p.post(`{"body": 1}`)
	cert, key = newCertificate(t, 2)
	rewrite(t, certFile, cert)
	rewrite(t, keyFile, key)
	rewrite(t, acctFile, "file: {p: 1}")
	expect("reload failed", 1)
	p.post(`{"body": 2}`)
	rewrite(t, acctFile, good)
	expect("reloaded", 2)
	p.signal(t, syscall.SIGTERM)
	p.end(t).want(t, exitDone, "--tls-cert "+certFile)
	if got := read(t, events); got != "1\n2\n" {
		t.Errorf("arrived: %q", got)
	}
}
