package integration

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

// secureAcct leads to both brokers by TLS, through the keys of the acct file alone.
func secureAcct(kafka, topic, ssl, amqp, queue, options string) string {
	host, port, _ := strings.Cut(amqp, ":")
	return fmt.Sprintf(`
kafka:
  "*":
    name: log
    topics: [%s]
    connection: {bootstrap_servers: %q, security_protocol: SSL}
    ssl: {%s}
    delivery: {timeout: 5s, retry: {min: 20ms, max: 300ms}}
pika:
  "*":
    name: queue
    routing_key: %s
    connection:
      {host: %s, port: %s, login: %s, password: {env: EVHUB_TEST_PASSWORD}, ssl: true, ssl_options: {%s}}
    delivery: {timeout: 5s, retry: {min: 20ms, max: 300ms}}
`, topic, kafka, ssl, queue, host, port, brokers.User, options)
}

func TestHubTLS(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	t.Setenv("EVHUB_TEST_PASSWORD", brokers.Password)
	ctx, o := within(t, time.Minute), oracle.New("hub-tls")
	f := newFanOut(t, k, r, "hub-tls")
	kafkaFiles := fmt.Sprintf("ca_file: %s, cert_file: %s, key_file: %s", k.TLS.CA, k.TLS.ClientCert, k.TLS.ClientKey)
	amqpFiles := fmt.Sprintf("cafile: %s, certfile: %s, keyfile: %s", r.TLS.CA, r.TLS.ClientCert, r.TLS.ClientKey)
	wrong := []struct{ name, text, kafkaSays, amqpSays string }{
		{"authority unknown", secureAcct(k.Nodes[0].MutualTLS, f.topic, "", r.TLSAddr, f.queue, ""), "certificate", "certificate"},
		{"wrong name", secureAcct(k.Nodes[0].MutualTLS, f.topic, kafkaFiles+", server_name: other.example",
			r.TLSAddr, f.queue, amqpFiles+", server_name: other.example"), "other.example", "other.example"},
		{"no such host", secureAcct("evhub-test.invalid:9092", f.topic, kafkaFiles, "evhub-test.invalid:5671", f.queue, amqpFiles),
			"evhub-test.invalid", "evhub-test.invalid"},
		{"no TLS there", secureAcct(k.Nodes[0].Addr, f.topic, kafkaFiles, r.Addr(), f.queue, amqpFiles), "", ""},
	}
	h := openHub(t, wrong[0].text)
	put(t, ctx, h, o, 300)
	for i, w := range wrong {
		if i > 0 {
			reload(t, ctx, h, w.text)
		}
		stuck(t, ctx, h, kafkaName, w.kafkaSays, brokers.Password)
		stuck(t, ctx, h, amqpName, w.amqpSays, brokers.Password)
	}
	reload(t, ctx, h, secureAcct(k.Nodes[0].MutualTLS, f.topic, kafkaFiles, r.TLSAddr, f.queue, amqpFiles))
	put(t, ctx, h, o, 300)
	restored(t, ctx, h)
	f.verify(t, ctx, k, r, o, 0)
}

// A broker that is configured for a name that resolves to two addresses, of which one is dead, is reached by the other.
func TestHubHostName(t *testing.T) {
	k, r := pool.OwnKafka(t), pool.OwnRabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("hub-name")
	f := newFanOut(t, k, r, "hub-name")
	_, port, err := net.SplitHostPort(k.Nodes[0].Addr)
	if err != nil {
		t.Fatal(err)
	}
	f.kafka = "localhost:" + port // perhaps ::1 first, where nobody listens
	_, port, err = net.SplitHostPort(r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	f.url = r.URLVia("localhost:" + port)
	h := openHub(t, f.yaml())
	put(t, ctx, h, o, 100)
	restored(t, ctx, h)
	f.verify(t, ctx, k, r, o, 0)
}
