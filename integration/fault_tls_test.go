package integration

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

const canary = "c4n4ry-s3cret"

// encrypted are entries, by destination, that lead to host and port with TLS and log in.
var encrypted = map[string]string{
	"kafka:x": `{kafka: {"*": {name: x, topics: [t], ssl: {ca_file: CA}, connection: {bootstrap_servers: "HOST:PORT",
		security_protocol: SASL_SSL, sasl_mechanism: PLAIN, sasl_plain_username: u, sasl_plain_password: SECRET}, DELIVERY}}}`,
	"amqp:x": `{amqp: {"*": {name: x, routing_key: q, connection: {host: HOST, port: PORT, login: u, password: SECRET, ssl: true,
		ssl_options: {cafile: CA}}, DELIVERY}}}`,
	"nats:x": `{nats: {"*": {name: x, servers: "tls://HOST:PORT", token: SECRET, tls: {ca_file: CA}, DELIVERY}}}`,
	"http:x": `{http: {"*": {name: x, url: "https://HOST:PORT/", token: SECRET, tls: {ca_file: CA}, DELIVERY}}}`,
}

const natsGreeting = `INFO {"server_id":"x","version":"2.11.0","proto":1,"max_payload":1048576,"headers":true,"tls_required":true}` + "\r\n"

// T47: a server whose certificate cannot be trusted gets nothing, in clear neither; once it can, or once the file of
// authorities has been replaced, the session comes about without a restart.
func TestFaultServerCertificates(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	loopback, later := net.IPv4(127, 0, 0, 1), time.Now().Add(time.Hour)
	for _, test := range []struct {
		name, says string
		authority  authority // in the client's file
		shown      *tls.Certificate
	}{
		{"expired", "expired", ca, ca.issue(t, loopback, time.Now().Add(-time.Hour))},
		{"other name", "127.0.0.9", ca, ca.issue(t, net.IPv4(127, 0, 0, 9), later)},
		{"other authority", "unknown authority", other, ca.issue(t, loopback, later)},
	} {
		for name, entry := range encrypted {
			t.Run(test.name+" "+name, func(t *testing.T) {
				greeting := ""
				if strings.HasPrefix(name, "nats") {
					greeting = natsGreeting
				}
				end, file := listenTLS(t, greeting), filepath.Join(t.TempDir(), "ca.pem")
				end.cert.Store(test.shown)
				writePEM(t, file, "CERTIFICATE", test.authority.cert.Raw)
				_, port := splitAddr(end.Addr().String())
				text := strings.NewReplacer("HOST", "127.0.0.1", "PORT", fmt.Sprint(port), "CA", file, "SECRET", canary,
					"DELIVERY", "delivery: {timeout: 2s, retry: {min: 5ms, max: 50ms}}").Replace(entry)
				ctx, o, h := within(t, time.Minute), oracle.New("tls"), openHub(t, text)
				put(t, ctx, h, o, 1)
				stuck(t, ctx, h, name, test.says, canary)
				if n := end.trusting.Load(); n > 0 {
					t.Errorf("%d connections go on", n)
				}
				end.cert.Store(ca.issue(t, loopback, later))
				writePEM(t, file, "CERTIFICATE", ca.cert.Raw)
				eventually(t, ctx, "it is trusted", func() bool { return end.trusting.Load() > 0 })
				if n := end.plain.Load(); n > 0 {
					t.Errorf("%d connections begin in clear", n)
				}
			})
		}
	}
}

// T47: a client certificate that the broker does not take is replaced in its file, and no restart or reload is needed.
func TestFaultClientCertificateRotated(t *testing.T) {
	k := pool.OwnKafka(t)
	ctx, o := within(t, time.Minute), oracle.New("rotated")
	topic := createTopic(t, k, brokers.Topic{Name: "fault-rotated"})
	wrong := newAuthority(t).issue(t, net.IPv4(127, 0, 0, 1), time.Now().Add(time.Hour))
	key, err := x509.MarshalPKCS8PrivateKey(wrong.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := filepath.Join(t.TempDir(), "client.pem"), filepath.Join(t.TempDir(), "client.key")
	writePEM(t, certFile, "CERTIFICATE", wrong.Certificate[0])
	writePEM(t, keyFile, "PRIVATE KEY", key)
	h := openHub(t, fmt.Sprintf(`{kafka: {"*": {name: log, topics: [%s], ssl: {ca_file: %s, cert_file: %s, key_file: %s},
		connection: {bootstrap_servers: %q, security_protocol: SSL}, delivery: {timeout: 2s, retry: {min: 5ms, max: 50ms}}}}}`,
		topic, k.TLS.CA, certFile, keyFile, k.Nodes[0].MutualTLS))
	put(t, ctx, h, o, 300)
	stuck(t, ctx, h, kafkaName, "certificate")
	for from, to := range map[string]string{k.TLS.ClientCert: certFile, k.TLS.ClientKey: keyFile} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	restored(t, ctx, h)
	judge(t, onTopic(t, ctx, k, topic, o), 0)
}
