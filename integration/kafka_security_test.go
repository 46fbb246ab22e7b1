package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/kafka"
)

// TestKafkaSecurity logs in and encrypts in every way, and fails with a reason where it should.
func TestKafkaSecurity(t *testing.T) {
	k := pool.OwnKafka(t)
	node := k.Nodes[0]
	topic := createTopic(t, k, brokers.Topic{Name: "kafka-security"})
	login := func(mechanism, password string) func(*kafka.Config) {
		return func(c *kafka.Config) {
			c.Connection.SecurityProtocol, c.Connection.SASLMechanism = "SASL_PLAINTEXT", mechanism
			c.Connection.SASLPlainUsername, c.Connection.SASLPlainPassword = brokers.User, providers.NewSecret(password)
		}
	}
	ca := func(c *kafka.Config) { c.SSL.CAFile = k.TLS.CA }
	mutual := func(c *kafka.Config) {
		c.SSL = providers.TLS{CAFile: k.TLS.CA, CertFile: k.TLS.ClientCert, KeyFile: k.TLS.ClientKey}
	}
	for _, test := range []struct {
		name, addr string
		edit       func(*kafka.Config)
		text       string // of the error; empty: it works
	}{
		{"PLAIN", node.SASL, login("PLAIN", brokers.Password), ""},
		{"SCRAM-SHA-256", node.SASL, login("SCRAM-SHA-256", brokers.Password), ""},
		{"SCRAM-SHA-512", node.SASL, login("SCRAM-SHA-512", brokers.Password), ""},
		{"PLAIN, wrong password", node.SASL, login("PLAIN", "wrong"), "SASL_AUTHENTICATION_FAILED"},
		{"SCRAM, wrong password", node.SASL, login("SCRAM-SHA-512", "wrong"), "SASL_AUTHENTICATION_FAILED"},
		{"no login", node.SASL, nil, "security_protocol"},
		{"TLS", node.SSL, ca, ""},
		{"TLS, authority unknown", node.SSL, func(c *kafka.Config) { c.Connection.SecurityProtocol = "SSL" }, "certificate"},
		{"plain to TLS", node.SSL, nil, "TLS"},
		{"TLS to plain", node.Addr, ca, "TLS"},
		{"client certificate", node.MutualTLS, mutual, ""},
		{"client certificate missing", node.MutualTLS, ca, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, o := within(t, 30*time.Second), oracle.New("kafka-security")
			s, err := kafkaDial(t, test.addr, topic, 10*time.Second, test.edit)(ctx)
			if err == nil {
				ms := kafkaMessages(o, 10)
				err = s.Send(ctx, ms).Wait(ctx)
				if closing := s.Close(ctx); closing != nil {
					t.Error(closing)
				}
			}
			switch wrong := test.text != "" || test.name == "client certificate missing"; {
			case (err != nil) != wrong:
				t.Errorf("error: %v", err)
			case err != nil && (!strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "wrong")):
				t.Errorf("error: %v, want %q", err, test.text)
			}
		})
	}
}
