package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	rabbit "github.com/rabbitmq/amqp091-go"

	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
)

// What is wrong with a destination, not with an event, is retried until it is mended. These tests begin with it wrong.

// stuck waits until the destination has failed at least twice because of what the text says, and checks that nothing is
// lost by it and no secret told.
func stuck(t *testing.T, ctx context.Context, h *hub.Hub, name, because string, secrets ...string) {
	t.Helper()
	dials := stats(t, h, name).Dials
	eventually(t, ctx, name+" fails because of "+because, func() bool {
		s := stats(t, h, name)
		return s.Dials > dials+1 && strings.Contains(strings.ToLower(s.LastError), because) || s.Refused > 0
	})
	s := stats(t, h, name)
	if s.Delivered+s.Refused+s.Dropped > 0 || int64(s.BacklogEvents) != h.Stats().Accepted {
		t.Errorf("%d accepted: %s", h.Stats().Accepted, describe(h))
	}
	for _, secret := range secrets {
		if strings.Contains(s.LastError, secret) {
			t.Errorf("the error tells a secret: %s", s.LastError)
		}
	}
}

// restored waits until everything is delivered, and checks the counters of every destination.
func restored(t *testing.T, ctx context.Context, h *hub.Hub) {
	t.Helper()
	flush(t, ctx, h)
	for _, d := range h.Stats().Destinations {
		if d.Delivered != h.Stats().Accepted || d.Refused+d.Dropped > 0 || d.BacklogEvents > 0 || d.BacklogBytes != 0 {
			t.Errorf("%d accepted: %s", h.Stats().Accepted, describe(h))
		}
	}
}

func TestHubKafkaTopicCreatedLater(t *testing.T) {
	k, r := pool.Kafka(t), pool.RabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("hub-late")
	f := fanOut{
		kafka: k.Addr(), topic: "hub-late", url: r.URL(), queue: declareQueue(t, r, "hub-late", nil),
		delivery: "timeout: 5s, retry: {min: 20ms, max: 300ms}",
	}
	h := openHub(t, f.yaml())
	put(t, ctx, h, o, 300)
	stuck(t, ctx, h, kafkaName, "topic")
	eventually(t, ctx, "the other destination has all", func() bool { return stats(t, h, amqpName).Delivered == 300 })
	createTopic(t, k, brokers.Topic{Name: f.topic, Partitions: 3})
	put(t, ctx, h, o, 300)
	restored(t, ctx, h)
	f.verify(t, ctx, k, r, o, 0)
}

func TestHubKafkaPasswordMendedByReload(t *testing.T) {
	k := pool.OwnKafka(t)
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			ctx, o := within(t, time.Minute), oracle.New("hub-password")
			topic := createTopic(t, k, brokers.Topic{Name: "hub-password-" + mechanism, Partitions: 3})
			acctText := func(password string) string {
				return fmt.Sprintf(`
kafka:
  idem-*:
    topics: %s
    connection:
      bootstrap_servers: %q
      security_protocol: SASL_PLAINTEXT
      sasl_mechanism: %s
      sasl_plain_username: %s
      sasl_plain_password: %s
    delivery: {timeout: 5s, retry: {min: 20ms, max: 300ms}}
`, topic, k.Nodes[0].SASL, mechanism, brokers.User, password)
			}
			h := openHub(t, acctText("canary-wrong"))
			put(t, ctx, h, o, 300)
			stuck(t, ctx, h, h.Stats().Destinations[0].Name, "", "canary-wrong")
			reload(t, ctx, h, acctText(brokers.Password))
			put(t, ctx, h, o, 300)
			restored(t, ctx, h)
			if err := onTopic(t, ctx, k, topic, o).Verdict().Err(0); err != nil {
				t.Error(err)
			}
		})
	}
}

// evaluate runs Erlang inside the server, which is faster than a command of rabbitmqctl for each step.
func evaluate(t *testing.T, ctx context.Context, r *brokers.RabbitMQ, code string) {
	t.Helper()
	if _, err := r.Ctl(ctx, "eval", code+", ok."); err != nil {
		t.Fatal(err)
	}
}

// Login, virtual host, permission and exchange are wrong, and mended one after the other.
func TestHubAMQPMendedStepByStep(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("hub-steps")
	evaluate(t, ctx, r, `rabbit_auth_backend_internal:add_user(<<"steps">>, <<"canary-right">>, <<"test">>)`)
	t.Cleanup(func() {
		_, _ = r.Ctl(context.Background(), "eval", `catch rabbit_vhost:delete(<<"steps">>, <<"test">>),
			rabbit_auth_backend_internal:delete_user(<<"steps">>, <<"test">>).`)
	})
	acctText := func(password string) string {
		return fmt.Sprintf(`
amqp:
  idem-*:
    name: steps
    exchange: steps
    unroutable: retry
    connection: {url: "amqp://steps:%s@%s/steps"}
    delivery: {timeout: 5s, retry: {min: 20ms, max: 300ms}}
`, password, r.Addr())
	}
	h := openHub(t, acctText("canary-wrong"))
	put(t, ctx, h, o, 300)
	stuck(t, ctx, h, "amqp:steps", "login", "canary-wrong")
	reload(t, ctx, h, acctText("canary-right"))
	stuck(t, ctx, h, "amqp:steps", "vhost", "canary-right")
	evaluate(t, ctx, r, `rabbit_vhost:add(<<"steps">>, <<"test">>)`)
	stuck(t, ctx, h, "amqp:steps", "access", "canary-right")
	evaluate(t, ctx, r, `rabbit_auth_backend_internal:set_permissions(<<"steps">>, <<"steps">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>)`)
	stuck(t, ctx, h, "amqp:steps", "exchange", "canary-right")
	put(t, ctx, h, o, 300)

	url := fmt.Sprintf("amqp://steps:canary-right@%s/steps", r.Addr())
	declareRoute(t, url, "steps", "steps-all")
	restored(t, ctx, h)
	w := o.Witness("queue steps-all")
	if err := oracle.DrainQueue(ctx, url, "steps-all", func(d rabbit.Delivery) { w.Observe(d.Body) }); err != nil {
		t.Fatal(err)
	}
	if err := w.Verdict().Err(0); err != nil {
		t.Error(err)
	}
}

// declareRoute declares an exchange and a queue that gets everything from it. An event may come before the binding.
func declareRoute(t *testing.T, url, exchange, queue string) {
	t.Helper()
	conn, err := rabbit.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare(queue, true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.ExchangeDeclare(exchange, "topic", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind(queue, "#", exchange, false, nil); err != nil {
		t.Fatal(err)
	}
}

// A password that is changed while events flow: what is in force goes on until its connections end, then nothing is lost until
// the right one comes by a reload.
func TestHubAMQPPasswordRevokedUnderLoad(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("hub-revoked")
	queue := declareQueue(t, r, "hub-revoked", nil)
	evaluate(t, ctx, r, `rabbit_auth_backend_internal:add_user(<<"revoked">>, <<"canary-old">>, <<"test">>),
		rabbit_auth_backend_internal:set_permissions(<<"revoked">>, <<"/">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>)`)
	t.Cleanup(func() { _, _ = r.Ctl(context.Background(), "delete_user", "revoked") })
	acctText := func(password string) string {
		return fmt.Sprintf(`
amqp:
  idem-*:
    name: revoked
    routing_key: %s
    connection: {host: 127.0.0.1, port: %s, login: revoked, password: %s}
    delivery: {timeout: 5s, batch: 50, window: 2, retry: {min: 20ms, max: 300ms}}
`, queue, r.Addr()[len("127.0.0.1:"):], password)
	}
	h := openHub(t, acctText("canary-old"))
	l := startLoad(t, h, o)
	l.settles(ctx, "amqp:revoked")
	evaluate(t, ctx, r, `rabbit_auth_backend_internal:change_password(<<"revoked">>, <<"canary-new">>, <<"test">>),
		[rabbit_networking:close_connection(P, "test") || P <- rabbit_networking:connections(), rabbit_networking:connections() =/= []]`)
	eventually(t, ctx, "the old password is refused", func() bool {
		return strings.Contains(stats(t, h, "amqp:revoked").LastError, "login")
	})
	if text := stats(t, h, "amqp:revoked").LastError; strings.Contains(text, "canary") {
		t.Errorf("the error tells a secret: %s", text)
	}
	reload(t, ctx, h, acctText("canary-new"))
	l.settles(ctx, "amqp:revoked")
	l.end()
	restored(t, ctx, h)
	if err := onQueue(t, ctx, r, queue, o).Verdict().Err(faultWindow); err != nil {
		t.Error(err)
	}
}
