package integration

import (
	"context"
	"strings"
	"testing"
	"time"

	rabbit "github.com/rabbitmq/amqp091-go"

	"github.com/evhub/evhub/integration/brokers"
	"github.com/evhub/evhub/integration/oracle"
	"github.com/evhub/evhub/providers"
	"github.com/evhub/evhub/providers/amqp"
)

// verifyAMQP drains queues and fails the test unless all that was accepted is there, in order, with at most so many
// duplicates.
func verifyAMQP(t *testing.T, ctx context.Context, r *brokers.RabbitMQ, o *oracle.Oracle, duplicates int, queues ...string) {
	t.Helper()
	w := o.Witness(strings.Join(queues, ", "))
	for _, queue := range queues {
		if err := oracle.DrainQueue(ctx, r.URL(), queue, func(d rabbit.Delivery) { w.Observe(d.Body) }); err != nil {
			t.Fatal(err)
		}
	}
	judge(t, w, duplicates)
}

func atKey(key string) func(*amqp.Config) { return func(c *amqp.Config) { c.RoutingKey = &key } }

func TestAMQPQueuesOfProfiles(t *testing.T) {
	r := pool.RabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("amqp-profiles")
	declareQueue(t, r, "amqp-profile-there", rabbit.Table{"x-max-priority": int32(3)})
	fresh := "amqp-profile-new ☃/\t"
	t.Cleanup(func() {
		_ = r.Do(func(ch *rabbit.Channel) error { _, err := ch.QueueDelete(fresh, false, false, false); return err })
	})
	ms := append(amqpMessages(o, "amqp-profile-there", 1, 3000), amqpMessages(o, fresh, 3001, 3000)...)
	d := newAMQPDriver(amqpDial(t, r.Addr(), 10*time.Second, nil))
	if err := d.deliver(ctx, ms); err != nil {
		t.Fatal(err)
	}
	if d.dials != 1 || len(d.dead) > 0 {
		t.Errorf("%d sessions, %d dead letters", d.dials, len(d.dead))
	}
	verifyAMQP(t, ctx, r, o, 0, "amqp-profile-there", fresh)
	err := r.Do(func(ch *rabbit.Channel) error {
		_, err := ch.QueueDeclare(fresh, true, false, false, false, nil)
		return err
	})
	if err != nil {
		t.Errorf("the declared queue is not a plain durable one: %v", err)
	}
}

func TestAMQPNamesOfTheBrokerAreRefused(t *testing.T) {
	r := pool.RabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("amqp-names")
	ms := amqpMessages(o, "amqp-names", 1, 4)
	for i, profile := range []string{"amq.mine", "a\nb", strings.Repeat("é", 128)} {
		ms[i].Profile = profile
		o.Refuse(ms[i].ID)
	}
	t.Cleanup(func() {
		_ = r.Do(func(ch *rabbit.Channel) error {
			_, err := ch.QueueDelete("amqp-names", false, false, false)
			return err
		})
	})
	d := newAMQPDriver(amqpDial(t, r.Addr(), 10*time.Second, nil))
	if err := d.deliver(ctx, ms); err != nil {
		t.Fatal(err)
	}
	if len(d.dead) != 3 || d.dials != 1 {
		t.Errorf("%d sessions, dead letters %v", d.dials, d.dead)
	}
	verifyAMQP(t, ctx, r, o, 0, "amqp-names")
}

// A binding vanishes under load: from then on events are refused, none is counted as delivered.
func TestAMQPUnroutable(t *testing.T) {
	r := pool.RabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("amqp-unroutable")
	queue := declareQueue(t, r, "amqp-unroutable", nil)
	const exchange = "amqp-unroutable-x"
	onChannel(t, r, func(ch *rabbit.Channel) error {
		if err := ch.ExchangeDeclare(exchange, "topic", false, false, false, false, nil); err != nil {
			return err
		}
		return ch.QueueBind(queue, "amqp.#", exchange, false, nil)
	})
	t.Cleanup(func() {
		onChannel(t, r, func(ch *rabbit.Channel) error { return ch.ExchangeDelete(exchange, false, false) })
	})

	d := newAMQPDriver(amqpDial(t, r.Addr(), 10*time.Second, func(c *amqp.Config) { c.Exchange = exchange }))
	done := make(chan error, 1)
	ms := amqpMessages(o, "amqp.events", 1, 20_000)
	go func() { done <- d.deliver(ctx, ms) }()
	await(t, ctx, func() bool { return d.settledSoFar() > 3000 })
	onChannel(t, r, func(ch *rabbit.Channel) error { return ch.QueueUnbind(queue, "amqp.#", exchange, nil) })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for id, err := range d.dead {
		o.Refuse(id)
		if !strings.Contains(err.Error(), "NO_ROUTE") {
			t.Fatal(err)
		}
	}
	if n := len(d.dead); n == 0 || n == len(ms) || d.dials != 1 {
		t.Errorf("%d sessions, %d of %d refused", d.dials, n, len(ms))
	}
	verifyAMQP(t, ctx, r, o, 0, queue)
}

func TestAMQPExchangeMissingThenCreated(t *testing.T) {
	r := pool.RabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("amqp-exchange")
	queue := declareQueue(t, r, "amqp-exchange", nil)
	const exchange = "amqp-exchange-x"
	create := func(ch *rabbit.Channel) error {
		if err := ch.ExchangeDeclare(exchange, "fanout", false, false, false, false, nil); err != nil {
			return err
		}
		return ch.QueueBind(queue, "", exchange, false, nil)
	}
	remove := func(ch *rabbit.Channel) error { return ch.ExchangeDelete(exchange, false, false) }
	t.Cleanup(func() { onChannel(t, r, remove) })

	d := newAMQPDriver(amqpDial(t, r.Addr(), 10*time.Second, func(c *amqp.Config) { c.Exchange = exchange }))
	done := make(chan error, 1)
	go func() { done <- d.deliver(ctx, amqpMessages(o, "any", 1, 20_000)) }()
	await(t, ctx, func() bool { return d.complains("does not exist") })
	onChannel(t, r, create)
	await(t, ctx, func() bool { return d.settledSoFar() > 2000 })
	onChannel(t, r, remove)
	await(t, ctx, func() bool { return d.complains("NOT_FOUND") })
	onChannel(t, r, create)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for id, err := range d.dead { // published between the exchange and its binding
		o.Refuse(id)
		if !strings.Contains(err.Error(), "NO_ROUTE") {
			t.Fatal(err)
		}
	}
	verifyAMQP(t, ctx, r, o, amqpWindow, queue)
}

// complains reports whether the last failure says so, and forgets it.
func (d *amqpDriver) complains(text string) (yes bool) {
	d.note(func() {
		if yes = d.last != nil && strings.Contains(d.last.Error(), text); yes {
			d.last = nil
		}
	})
	return yes
}

func onChannel(t *testing.T, r *brokers.RabbitMQ, do func(*rabbit.Channel) error) {
	t.Helper()
	if err := r.Do(do); err != nil {
		t.Error(err)
	}
}

// await polls until cond holds.
func await(t *testing.T, ctx context.Context, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it did not come about in time")
		}
	}
}

func TestAMQPMessageTooLargeInsideABatch(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("amqp-large")
	queue := declareQueue(t, r, "amqp-large", nil)
	limit := func(size string) {
		if _, err := r.Ctl(context.Background(), "eval", "application:set_env(rabbit, max_message_size, "+size+")."); err != nil {
			t.Fatal(err)
		}
	}
	limit("2000")
	t.Cleanup(func() { limit("134217728") })
	ms := amqpMessages(o, "large", 1, 5000)
	for _, i := range []int{10, 700, 701, 4000} {
		ms[i].Body = make([]byte, 3000)
		o.Refuse(ms[i].ID)
	}
	d := newAMQPDriver(amqpDial(t, r.Addr(), 10*time.Second, atKey(queue)))
	if err := d.deliver(ctx, ms); err != nil {
		t.Fatal(err)
	}
	if len(d.dead) != 4 || d.dials != 2 {
		t.Errorf("%d sessions, dead letters %v", d.dials, d.dead)
	}
	verifyAMQP(t, ctx, r, o, amqpWindow, queue)
}

func TestAMQPLogin(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx := within(t, time.Minute)
	if _, err := r.Ctl(ctx, "add_user", "amqp-login", "first"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Ctl(context.Background(), "delete_user", "amqp-login") })
	dial := func(password, vhost string) error {
		d := amqpDial(t, r.Addr(), 10*time.Second, func(c *amqp.Config) {
			c.Connection.URL = providers.NewSecret("amqp://amqp-login:" + password + "@" + r.Addr() + "/" + vhost)
		})
		s, err := d(ctx)
		if err != nil {
			return err
		}
		return s.Close(ctx)
	}
	for _, test := range []struct{ password, vhost, want string }{
		{"wrong-one", "", "login"},
		{"first", "no-such", "no-such"},
		{"first", "", "vhost"}, // it may not enter
	} {
		err := dial(test.password, test.vhost)
		if err == nil || providers.IsPermanent(err) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), test.password) {
			t.Errorf("password %s, virtual host %q: %v", test.password, test.vhost, err)
		}
	}
	if _, err := r.Ctl(ctx, "set_permissions", "amqp-login", "", ".*", ""); err != nil {
		t.Fatal(err)
	}
	if err := dial("first", ""); err != nil {
		t.Error(err)
	}
}

func TestAMQPTLS(t *testing.T) {
	r := pool.OwnRabbitMQ(t)
	ctx, o := within(t, time.Minute), oracle.New("amqp-tls")
	queue := declareQueue(t, r, "amqp-tls", nil)
	secure := func(c *amqp.Config) {
		atKey(queue)(c)
		c.Connection.URL = providers.NewSecret("amqps://" + brokers.User + ":" + brokers.Password + "@" + r.TLSAddr)
		c.Connection.SSLOptions = amqp.SSLOptions{CAFile: r.TLS.CA, CertFile: r.TLS.ClientCert, KeyFile: r.TLS.ClientKey}
	}
	d := newAMQPDriver(amqpDial(t, "", 10*time.Second, secure))
	if err := d.deliver(ctx, amqpMessages(o, "tls", 1, 5000)); err != nil {
		t.Fatal(err)
	}
	verifyAMQP(t, ctx, r, o, 0, queue)

	untrusted := amqpDial(t, "", 10*time.Second, func(c *amqp.Config) {
		secure(c)
		c.Connection.SSLOptions.CAFile = ""
	})
	if _, err := untrusted(ctx); err == nil || !strings.Contains(err.Error(), "tls: ") {
		t.Errorf("a broker of an unknown authority: %v", err)
	}
}
