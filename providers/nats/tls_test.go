package nats_test

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/evhub/evhub/providers"
	evnats "github.com/evhub/evhub/providers/nats"
)

func TestTLS(t *testing.T) {
	issuer := httptest.NewTLSServer(nil) // has a certificate for 127.0.0.1
	defer issuer.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issuer.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	srv := start(t, func(o *server.Options) {
		o.TLSConfig, o.TLS, o.TLSTimeout = issuer.TLS.Clone(), true, 5
	})
	address := "127.0.0.1:" + port(t, srv)
	for name, tc := range map[string]struct {
		set configure
		ok  bool
	}{
		"trusted":        {func(c *evnats.Config) { c.TLS.CAFile = ca }, true},
		"trusted, tls:":  {func(c *evnats.Config) { c.Servers[0], c.TLS.CAFile = "tls://"+address, ca }, true},
		"unknown issuer": {func(c *evnats.Config) { c.Servers[0] = "tls://" + address }, false},
		"server asks":    {func(*evnats.Config) {}, false},
		"other name":     {func(c *evnats.Config) { c.TLS = providers.TLS{CAFile: ca, ServerName: "other.invalid"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := open(t, environment(), func(c *evnats.Config) {
				c.Servers, c.JetStream = providers.Strings{address}, false
				tc.set(c)
			})(t.Context())
			if (err == nil) != tc.ok {
				t.Errorf("Dial = %v", err)
			}
			if err != nil {
				return
			}
			defer closeSession(t, s)
			if got := classes(deliver(t, s, numbered("a")...)); got != "[delivered]" {
				t.Error(got)
			}
		})
	}
}
