package kafka

import (
	"crypto/tls"
	"net"
	"testing"
	"time"
)

// TestCloseWaitsForNobody: a broker that reads nothing cannot hold up the end of an encrypted connection.
func TestCloseWaitsForNobody(t *testing.T) {
	pair, err := tls.LoadX509KeyPair("../testdata/cert.pem", "../testdata/key-plain.pem")
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	defer far.Close()
	shaken := make(chan error, 1)
	go func() { shaken <- tls.Server(far, &tls.Config{Certificates: []tls.Certificate{pair}}).Handshake() }()
	client := tls.Client(near, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}) //nolint:gosec // of a pipe
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	(&link{Conn: client}).Close()
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("Close took %s", d)
	}
}
